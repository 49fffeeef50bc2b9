import assert from "node:assert/strict";
import { test } from "node:test";
import { Search, dateForms, formsOf } from "./needles";

const NUMBER = "990101196001010014";

test("finds a text in every form, wherever it starts", () => {
  const search = new Search([...formsOf("示范甲"), ...formsOf(NUMBER)]);
  const texts = [Buffer.from("x示范甲"), Buffer.from(`-${"示范甲"}`, "utf16le"), Buffer.from(`0x${Buffer.from("示范甲").toString("hex")}`), Buffer.from("\\u793a\\u8303\\u7532"), Buffer.from(encodeURIComponent("示范甲"))];
  for (const text of texts) assert.ok(search.find(text).length > 0, text.toString());
  for (const before of ["", "a", "ab", "abc"]) {
    const found = search.find(Buffer.from(Buffer.from(`${before}${NUMBER}zz`).toString("base64")));
    assert.ok(found.some(({ form }) => form === "base64"), before);
  }
  assert.deepEqual(search.find(Buffer.from("示范乙 990101196001010015")), []);
});

test("takes a short date inside hex for chance, and one on its own for a date", () => {
  const search = new Search(dateForms({ year: 1960, month: 1, day: 2 }).flatMap(formsOf));
  assert.equal(search.find(Buffer.from("0xab19600102ff")).length, 0);
  assert.equal(search.find(Buffer.from('"19600102"')).length, 1);
  for (const text of ["1960-01-02", "1960年1月2日", "02/01/1960", Buffer.from("19600102").toString("hex")]) {
    assert.ok(search.find(Buffer.from(`(${text})`)).length > 0, text);
  }
});
