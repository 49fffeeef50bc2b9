import type { Change, Rules } from "../ports";
import { evaluate } from "./evaluate";
import { explain } from "./explain";
import { readTable } from "./table";

/** The port that screens use: the whole `rules.json` in, plain results out. */
export const rules: Rules = {
  evaluate: (json, facts) => evaluate(readTable(json), facts),
  explain: (json, facts) => {
    const table = readTable(json);
    return explain(table, facts).changes.map(({ predicate, answers, finding }): Change => {
      const id = table.predicates[predicate] ?? "";
      return {
        changes: [{ predicate: id, from: facts[predicate] ?? null, to: answers }],
        outcome: finding.outcome,
        row: finding.row,
        amountFen: table.rows[finding.row]?.amountFen ?? 0,
      };
    });
  },
};
