import { expect, test } from "vitest";
import { readBundle } from "./bundle";

const read = async (text: string) => await readBundle(new Blob([text]));

test("a proof file is read, and what is none is refused", async () => {
  expect(await read('{"format":"other"}')).toEqual({ bundle: { format: "other" } });
  for (const text of ["", "no", "1", "null", "{}\n0xabc\n"]) expect(await read(text)).toEqual({ problem: "bundle.notJson" });
});

test("the export of My data is told apart, with and without its signature", async () => {
  // docs/my-data.md: a JSON text, a newline, the signature and a newline.
  const text = JSON.stringify({ format: "zhengtong-export/1", cases: [] }, null, 1);
  for (const file of [text, `${text}\n0x12ab\n`, `${text}\n0x12ab`]) expect(await read(file)).toEqual({ problem: "bundle.isExport" });
});
