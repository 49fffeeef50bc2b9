import type { Pair } from ".";

/** The portal without a connection, and what the wallet shows then. */
export const offline = {
  "offline.title": ["现在没有联网", "You are offline"],
  "offline.text": ["钱包里保存的证照、授权和办件仍然可以看。办理和最新进度，联网后会自动恢复。", "Credentials, consents and cases in your wallet can still be seen. Applying and the latest news come back by themselves with the connection."],
  "offline.newer": ["门户有了新版本", "There is a newer version of the portal"],
  "offline.newerText": ["下次打开会自动换成新版本。也可以现在刷新；刷新后要重新打开钱包。", "You get it the next time you open the portal. Or reload now; the wallet has to be opened again then."],
  "offline.reload": ["现在刷新", "Reload now"],
  "offline.install": ["装到主屏幕", "Put it on the home screen"],
  "offline.installText": ["没有网络时也能打开政通，看钱包里的内容。", "Zhengtong then opens without a connection too, and shows what your wallet holds."],
  "offline.protection": ["联网后才能看到保护的状态。", "The state of the protection is shown when you are online."],

  "held.title": ["钱包里的证照", "Credentials in this wallet"],
  "held.identity": ["身份凭证", "Identity credential"],
  "held.none": ["还没有。办成的事项会把证照放到这里。", "None yet. What you apply for puts its result here."],
  "held.issued": ["{issuer}，{date}签发", "Issued by {issuer} on {date}"],
  "held.until": ["有效期到{date}", "Valid until {date}"],
  "held.claims": ["查看内容", "See what it says"],
  "held.consents": ["您给过的授权", "Consents that you gave"],
  "held.consent": ["{provider}可以为“{service}”回答所需的问题", "{provider} may answer what “{service}” needs to know"],

  "mine.seen": ["{date}看到的状态", "As seen on {date}"],
  "mine.notSeen": ["现在读不到，联网后显示", "Cannot be read now; shown when you are online"],
  "data.offline": ["现在读不到用数记录", "Uses of your data cannot be read now"],
  "data.offlineText": [
    "每次使用的记录在链上，要联网才能读取和逐个核对；不核对就不能说是完整的，所以不保存在这里。下面是钱包自己保存的内容。联网后会自动读取。",
    "The records are on the chain: reading and checking them one by one takes a connection, and without the check nobody could say that they are all, so none are kept here. Below is what the wallet itself holds. They are read by themselves when you are online.",
  ],
  "data.offlineCases": ["钱包里的办件", "Cases in this wallet"],
  "data.offlineNone": ["还没有办件。", "None yet."],
  "consents.offline": ["现在读不到授权的状态", "What became of your consents cannot be read now"],
  "consents.offlineText": [
    "用过几次、是否已经撤回，都记在链上，要联网才能读取和核对。下面是钱包保存的、您同意时的内容。撤回也要联网。联网后会自动读取。",
    "How often each was used, and whether it was withdrawn, is on the chain: reading and checking that takes a connection. Below is what you agreed to, as your wallet holds it. Withdrawing takes a connection too. The rest is read by itself when you are online.",
  ],
  "consents.offlineNone": ["钱包里没有保存授权。", "This wallet holds none."],
  "consents.unread": ["联网后显示", "Shown when you are online"],
  "consents.withdrawOnline": ["要撤回，请先联网。", "To withdraw it, go online first."],
  "mine.case": ["办件{id}", "Case {id}"],
} as const satisfies Record<string, Pair>;
