// What a user of a server may ask of its models, and has asked.

export interface ModelQuotaStatus {
  readonly name: string;
  readonly used: number;
  /** Null: any number. */
  readonly limit: number | null;
}
