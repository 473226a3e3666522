/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** A configuration as a document: what a file, a store or an answer holds. */
export interface ConfigurationDocument {
  /** By option key. */
  readonly defaults?: JsonObject;
  /** By name, then option key. */
  readonly policies?: { readonly [name: string]: JsonObject };
  /** By tenant: what differs for calls whose key it is. */
  readonly tenants?: {
    readonly [tenant: string]: { readonly policies?: { readonly [name: string]: JsonObject } };
  };
}
