/** Round robin of grpc-js over ten endpoints that are always connected: what its channel asks for each call. */
export async function grpcPick(): Promise<() => unknown> {
  const { experimental, connectivityState, Metadata } = await import('@grpc/grpc-js');
  let picker: InstanceType<typeof experimental.QueuePicker> | { pick(args: object): unknown } | undefined;
  const connected = (address: object) => ({
    getConnectivityState: () => connectivityState.READY,
    addConnectivityStateListener: () => undefined,
    removeConnectivityStateListener: () => undefined,
    startConnecting: () => undefined,
    getAddress: () => JSON.stringify(address),
    ref: () => undefined,
    unref: () => undefined,
    getChannelzRef: () => undefined,
    isHealthy: () => true,
    addHealthStateWatcher: () => undefined,
    removeHealthStateWatcher: () => undefined,
  });
  const balancer = new experimental.ChildLoadBalancerHandler({
    createSubchannel: (address: object) => connected(address),
    updateState: (_state: unknown, latest: { pick(args: object): unknown }) => {
      picker = latest;
    },
    requestReresolution: () => undefined,
    addChannelzChild: () => undefined,
    removeChannelzChild: () => undefined,
  } as unknown as ConstructorParameters<typeof experimental.ChildLoadBalancerHandler>[0]);
  const endpoints = Array.from({ length: 10 }, (_, index) => ({
    addresses: [{ host: '127.0.0.1', port: 4000 + index }],
  }));
  balancer.updateAddressList(
    experimental.statusOrFromValue(endpoints),
    experimental.parseLoadBalancingConfig({ round_robin: {} }),
    {},
    '',
  );
  const args = { metadata: new Metadata(), extraPickInfo: {} };
  return () => (picker as { pick(args: object): unknown }).pick(args);
}

/** undici's BalancedPool over ten pools that take every request and do nothing with it. */
export async function undiciDispatch(): Promise<() => unknown> {
  const { BalancedPool, Pool } = await import('undici');
  const pool = new BalancedPool(
    Array.from({ length: 10 }, (_, index) => `http://127.0.0.1:${4000 + index}`),
    { factory: (origin) => Object.assign(new Pool(origin), { dispatch: () => true }) },
  );
  const handler = { onRequestStart: () => undefined } as never;
  const request = { path: '/', method: 'GET' } as const;
  return () => pool.dispatch(request, handler);
}

/** moleculer's strategies choose from the list of those that are there. */
export async function moleculerSelect(name: 'RoundRobin' | 'Random'): Promise<() => unknown> {
  const { default: moleculer } = await import('moleculer');
  const broker = new moleculer.ServiceBroker({ logger: false });
  const Strategy = moleculer.Strategies[name];
  const strategy = new Strategy(broker.registry, broker, {});
  const list = Array.from({ length: 10 }, (_, index) => ({ id: String(index) })) as unknown as Parameters<
    typeof strategy.select
  >[0];
  return () => strategy.select(list);
}
