interface DataSource {
  readonly type: string;
  readonly uid: string;
}

/** What the tests look at of a dashboard. */
export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly allValue?: string;
      readonly current: { readonly value?: string };
    }[];
  };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: DataSource;
    readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: DataSource }[];
  }[];
}
