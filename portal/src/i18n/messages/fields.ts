import type { Pair } from ".";

/** Records that agencies read, in words, and laws in English. What is not here is shown by its code, or as the law is called. */
export const fields = {
  "field.household.region": ["户籍所在地", "place of registration"],
  "field.household.status": ["户籍状态", "registration status"],
  "field.person.birth_date": ["出生日期", "date of birth"],
  "field.death.recorded": ["死亡登记", "record of death"],
  "field.allowance.kind": ["领取的津贴种类", "kind of allowance received"],
  "field.allowance.status": ["津贴领取状态", "status of the allowance"],
  "field.certificate.grade": ["残疾等级", "grade of disability"],
  "field.certificate.status": ["残疾人证状态", "status of the certificate"],
  "field.certificate.type": ["残疾类别", "type of disability"],
  "field.work_injury.care_allowance": ["工伤护理费", "work-injury care allowance"],
  "field.extreme_poverty.status": ["特困供养状态", "extreme-poverty support"],
  "field.minimum_living.status": ["低保状态", "minimum-living allowance"],
  "field.relief.decided_at": ["临时救助的批准时间", "dates of earlier relief"],
  "field.illness.major": ["重大疾病登记", "record of a major illness"],
  "field.illness.recorded_at": ["疾病登记时间", "date of that record"],
  "field.employment.status": ["就业登记状态", "employment status"],

  "law.网络安全法": ["网络安全法", "Cybersecurity Law"],
  "law.个人信息保护法": ["个人信息保护法", "Personal Information Protection Law"],
  "law.民法典": ["民法典", "Civil Code"],
  "law.行政复议法": ["行政复议法", "Administrative Reconsideration Law"],
  "law.行政诉讼法": ["行政诉讼法", "Administrative Litigation Law"],
  "law.社会救助暂行办法": ["社会救助暂行办法", "Interim Measures for Social Assistance"],
  "law.国发〔2015〕52号": ["国发〔2015〕52号", "State Council document No. 52 of 2015"],
  "law.沪府发〔2016〕24号": ["沪府发〔2016〕24号", "Shanghai Government document No. 24 of 2016"],

  "official.ofOfficer": ["{organisation}工作人员 {code}", "Officer {code} of {organisation}"],
  "official.ofSystem": ["{organisation}的系统", "The system of {organisation}"],
  "official.system/gateway": ["部门系统，自动回答", "The agency’s system, automatically"],
} as const satisfies Record<string, Pair>;
