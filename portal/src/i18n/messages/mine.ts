import type { Pair } from ".";

export const mine = {
  "mine.title": ["我的办件", "My cases"],
  "mine.none": ["还没有办件", "No cases yet"],
  "mine.find": ["找一项服务来申请", "Find a service to apply for"],
  "mine.service": ["事项", "Service"],
  "mine.status": ["状态", "Status"],
  "mine.opened": ["提交时间", "Sent"],
  "mine.by": ["承诺办结", "Promised by"],
  "mine.unsent": ["还没有提交完", "Not completely sent"],
  "mine.continue": ["继续提交", "Go on sending"],
  "mine.unknown": ["暂时查不到", "Not found at the moment"],

  "data.title": ["我的数据", "My data"],
  "data.lead": ["所有办件里，每一次使用您数据的记录。只有您能解密。", "Every use of your data over all your cases. Only you can decrypt them."],
  "data.none": ["还没有人用过您的数据", "Nobody has used your data yet"],
  "data.noneText": ["提交申请之后，每次使用都会出现在这里。", "Once you apply, every use appears here."],
  "data.count": ["共{n}次", "{n} {n|use|uses}"],
  "data.inCase": ["所属办件", "Case"],
  "data.all": ["全部部门", "All agencies"],
  "data.filter": ["按部门查看", "By agency"],
  "data.complete": ["每个部门的记录都已证明完整，没有遗漏。", "For every agency the list is proven complete."],
  "data.incomplete": ["有部门的记录这次没有得到完整性证明，请稍后再看。", "For some agency the list could not be proven complete this time. Look again later."],
  "data.rights": ["您有权查阅、复制、更正和删除自己的个人信息（个人信息保护法第四十五条至第四十七条）。", "You may see, copy, correct and delete your personal data (Personal Information Protection Law, arts. 45–47)."],
} as const satisfies Record<string, Pair>;
