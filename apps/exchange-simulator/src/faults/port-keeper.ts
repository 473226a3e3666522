import type { HostServer } from '../server/host-server.js';
import type { FaultBoard } from './fault-board.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Closes and opens the hosts' ports at the times that refusing faults say; everything else needs no timer. */
export class PortKeeper {
  private readonly hosts: readonly HostServer[];
  private readonly board: FaultBoard;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | null = null;

  constructor(hosts: readonly HostServer[], board: FaultBoard, now: () => number) {
    this.hosts = hosts;
    this.board = board;
    this.now = now;
  }

  /** Brings the ports into line with the board now, and sets the timer for the next change. */
  review(): void {
    this.stop();
    const now = this.now();
    for (const host of this.hosts) {
      if (this.board.refuses(host.id, now)) host.refuse(now);
      else this.reopen(host);
    }
    const next = this.board.nextPortChange(now);
    if (next !== null) this.timer = setTimeout(() => this.review(), Math.min(next - now, LONGEST_TIMER_MS));
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private reopen(host: HostServer): void {
    const { closedAt } = host;
    if (closedAt === null) return;
    void host.accept().then((open) => {
      if (!open) return;
      const now = this.now();
      this.board.reopened(host.id, closedAt, now);
      // Another fault may have begun while the port was being opened.
      if (this.board.refuses(host.id, now)) host.refuse(now);
    });
  }
}
