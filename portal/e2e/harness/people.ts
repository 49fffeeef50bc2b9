// What the agencies know of the demo residents, read from their own databases: the texts that must be nowhere else.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import initSqlJs from "sql.js";

export interface Person {
  readonly number: string;
  readonly name: string;
  readonly birthDate: string;
  readonly address: string | null;
}

/** Reads names, birth dates and addresses of the given numbers. */
export async function readPeople(agencies: string, numbers: readonly string[]): Promise<Person[]> {
  const wasm = join(createRequire(import.meta.url).resolve("sql.js"), "../sql-wasm.wasm");
  const sqlite = await initSqlJs({ locateFile: () => wasm });
  const database = new sqlite.Database(readFileSync(join(agencies, "public-security.sqlite")));
  try {
    return numbers.map((number) => {
      const [person] = rows(database, "SELECT name, birth_date FROM person WHERE number = ?", number);
      if (person === undefined) throw new Error(`the police know nobody with the number of a demo resident`);
      const [home] = rows(database, "SELECT h.address FROM registration r JOIN household h ON h.household_no = r.household_no WHERE r.number = ?", number);
      // GB 11643: digits 7 to 14 of the number are the birth date.
      const fromNumber = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
      return { number, name: String(person[0]), birthDate: person[1] === null ? fromNumber : String(person[1]), address: home === undefined ? null : String(home[0]) };
    });
  } finally {
    database.close();
  }
}

function rows(database: { exec(sql: string, params: string[]): { values: unknown[][] }[] }, sql: string, parameter: string): unknown[][] {
  return database.exec(sql, [parameter])[0]?.values ?? [];
}
