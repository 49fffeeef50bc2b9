import type { Pair } from ".";

/** What went wrong and what to do next, by the code of a port failure. */
export const failures = {
  "failure.detail": ["技术说明：", "Technical detail:"],
  "failure.offline.title": ["暂时连接不上", "The server did not answer"],
  "failure.offline.next": ["请检查网络，然后再试一次。您填写的内容都还在，重复提交也不会办两次。", "Check your connection and try again. What you entered is kept, and trying again never counts twice."],
  "failure.wrong-passphrase.title": ["口令不正确", "That passphrase is not right"],
  "failure.wrong-passphrase.next": ["请再输入一次。如果忘记了，可以用助记词恢复钱包。", "Enter it again. If you have forgotten it, restore the wallet with its words."],
  "failure.bad-words.title": ["助记词不正确", "Those words are not right"],
  "failure.bad-words.next": ["请对照您抄写的内容，检查每个词和顺序。", "Compare each word and their order with what you wrote down."],
  "failure.no-wallet.title": ["找不到这个钱包", "That wallet is not here"],
  "failure.no-wallet.next": ["请创建钱包、用助记词恢复，或者打开您的钱包扩展再试。", "Create a wallet, restore one with its words, or open your wallet extension and try again."],
  "failure.rejected.title": ["操作已取消", "Not done"],
  "failure.rejected.next": ["您在钱包里拒绝了，或者另一个窗口正在使用它。需要时可以再试一次。", "It was declined in the wallet, or another window is using it. Try again when you are ready."],
  "failure.wrong-network.title": ["这不是您认识的网络", "This is not the network you know"],
  "failure.wrong-network.next": ["服务器给出的公钥与第一次访问时记下的不同。请停止操作，并向主管部门核实。", "The server shows another public key than the one pinned at your first visit. Stop, and ask the authority."],
  "failure.transaction-refused.title": ["合约没有接受", "The contract refused this"],
  "failure.transaction-refused.next": ["什么都没有改变。原因写在下面；如果状态已经变化，请刷新后再操作。", "Nothing has changed. The reason is below; if the case has moved on, reload and look again."],
  "failure.gateway-refused.title": ["部门没有接受", "The agency did not accept this"],
  "failure.gateway-refused.next": ["原因写在下面。更正后可以再提交，不会重复办理。", "The reason is below. Correct it and send it again; it will not count twice."],
  "failure.not-found.title": ["没有找到", "Not found"],
  "failure.not-found.next": ["请检查编号。刚提交的内容要等一两秒才能查到。", "Check the number. What was just sent takes a second or two to appear."],
  "failure.session-expired.title": ["登录已过期", "Your session has ended"],
  "failure.session-expired.next": ["请重新登录，然后继续。", "Sign in again, then continue."],
  "failure.bad-answer.title": ["收到的内容有误", "The answer was not usable"],
  "failure.bad-answer.next": ["服务器的回答不完整或不可信，没有采用。请再试一次。", "The server’s answer was incomplete or could not be trusted, and was not used. Try again."],
} as const satisfies Record<string, Pair>;
