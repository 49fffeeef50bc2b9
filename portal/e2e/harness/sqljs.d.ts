declare module "sql.js" {
  export default function initSqlJs(options: { locateFile: () => string }): Promise<{
    Database: new (data: Uint8Array) => { exec(sql: string, params: string[]): { values: unknown[][] }[]; close(): void };
  }>;
}
