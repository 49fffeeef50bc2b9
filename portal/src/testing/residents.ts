import type { DemoResident } from "../api/demo";

/** Made-up people for the fakes, one for each road through the rules. */
export interface MockResident extends DemoResident {
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
  {
    label: "approved-66",
    title: { "zh-CN": "66岁，户籍在本地", en: "66, registered here" },
    service: "old-age-allowance",
    name: "演示甲",
    number: "510000196001010014",
    code: "660066",
    expected: { "zh-CN": "批准，每月75元", en: "approved, 75 yuan a month" },
    facts: { ...clear, age: 66 },
  },
  {
    label: "refused-64",
    title: { "zh-CN": "64岁，户籍在本地", en: "64, registered here" },
    service: "old-age-allowance",
    name: "演示乙",
    number: "510000196201010019",
    code: "640064",
    expected: { "zh-CN": "交给工作人员审查", en: "goes to an officer" },
    facts: { ...clear, age: 64 },
  },
  {
    label: "household-missing",
    title: { "zh-CN": "70岁，查不到户籍记录", en: "70, no household record" },
    service: "old-age-allowance",
    name: "演示丙",
    number: "510000195601010013",
    code: "700070",
    expected: { "zh-CN": "交给工作人员审查，不会被拒绝", en: "goes to an officer, not refused" },
    facts: { ...clear, age: 70, "household-registered": null },
  },
];
