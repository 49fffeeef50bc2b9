/** Made-up people for the fakes, one for each road through the rules. */
export interface MockResident {
  label: string;
  number: string;
  code: string;
  expected: string;
  facts: Record<string, number | null>;
}

const clear: Record<string, number | null> = {
  "household-registered": 1,
  "death-recorded": 0,
  "already-receiving": 0,
  "major-illness-recorded": 0,
  "minimum-living-household": 1,
  "in-extreme-poverty-support": 0,
  "receives-similar-allowance": 0,
  "relief-times-this-year": 0,
  "receives-work-injury-care": 0,
  "registered-unemployed": 0,
  "certified-disability-qualifies": 1,
};

export const residents: MockResident[] = [
  { label: "66岁，户籍在本地", number: "510000196001010011", code: "660066", expected: "批准，每月75元", facts: { ...clear, age: 66 } },
  { label: "64岁，户籍在本地", number: "510000196201010012", code: "640064", expected: "工作人员审查", facts: { ...clear, age: 64 } },
  { label: "70岁，查不到户籍记录", number: "510000195601010013", code: "700070", expected: "工作人员审查", facts: { ...clear, age: 70, "household-registered": null } },
];
