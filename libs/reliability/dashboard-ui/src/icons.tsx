import type { ComponentChildren } from 'preact';

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const stroke = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round' } as const;

/** States differ in shape, not only in colour. */
const SHAPES: Readonly<Record<string, ComponentChildren>> = {
  well: <path d="M3.5 8.5 6.7 11.6 12.5 4.8" {...stroke} stroke-linejoin="round" />,
  impaired: (
    <g {...stroke} stroke-linejoin="round">
      <path d="M8 2.6 14 13H2Z" />
      <path d="M8 6.6v2.8M8 11.2v.1" />
    </g>
  ),
  down: <path d="M4 4l8 8M12 4l-8 8" {...stroke} />,
  held: (
    <g {...stroke}>
      <rect x="3.2" y="7" width="9.6" height="6.4" rx="1.5" />
      <path d="M5.2 7V5.2a2.8 2.8 0 0 1 5.6 0V7" />
    </g>
  ),
};

export const StatusIcon = ({ of }: { readonly of: string }) => (
  <Icon>{SHAPES[of] ?? <circle cx="8" cy="8" r="3" />}</Icon>
);

export const SearchIcon = () => (
  <Icon>
    <g {...stroke}>
      <circle cx="7" cy="7" r="4.2" />
      <path d="m10.2 10.2 3.3 3.3" />
    </g>
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M9.8 3.2 5 8l4.8 4.8" {...stroke} stroke-linejoin="round" />
  </Icon>
);

export const BellIcon = () => (
  <Icon>
    <path d="M4 11V7.2a4 4 0 0 1 8 0V11l1 1.2H3ZM6.8 13.8a1.3 1.3 0 0 0 2.4 0" {...stroke} stroke-linejoin="round" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6Z" {...stroke} stroke-linejoin="round" />
  </Icon>
);

export const SunIcon = () => (
  <Icon>
    <g {...stroke}>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M12.5 3.5l-.8.8M4.3 11.7l-.8.8" />
    </g>
  </Icon>
);

export const AutoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.4" {...stroke} />
    <path d="M8 2.6a5.4 5.4 0 0 1 0 10.8Z" fill="currentColor" />
  </Icon>
);
