import type { Pair } from ".";

/** What a gateway refused and what to do next, by the word of its problem: where that says more than the code of a port failure. */
export const problems = {
  // Applying, and going on with a case.
  "problem.case-forgotten": ["这个部门为这个办件保存的内容已经删除，或者保存期已满，不能恢复，这个办件不能再往下办。还需要办理的，请重新申请，会有新的办件编号。", "What this agency kept for this case was deleted, or its time was over. It does not come back, and the case cannot go on there. If you still want it, apply again: that makes a new case."],
  "problem.before-deletion": ["这个部门刚刚删除了您的全部信息，删除以前出示的内容不再接受。还要办的，请等两分钟再提交一次，钱包会重新出示；不办了的，什么都不用做。", "This agency has just deleted everything about you, and takes nothing that was shown before. If you still want this, wait two minutes and send it again: your wallet then shows it anew. If not, there is nothing to do."],
  "problem.already-linked": ["这个部门已经收到过这个办件的内容，与这次提交的不同，所以没有采用这次的。请在“我的办件”里看它办到哪一步；以前填错了的，请重新申请。", "This agency was told something else about this case before, so it did not take this. See under “My cases” how far the case is; if what you sent then was wrong, apply again."],
  "problem.not-linked": ["这个部门还不知道这个办件是谁的。请打开这个办件，按页面上的提示补发，然后再试。", "This agency does not know yet whose case this is. Open the case, send what its page says is missing, then try again."],
  "problem.not-of-this-case": ["提交的内容属于另一个办件，没有采用。请从这个办件的页面重新提交。", "What was sent belongs to another case and was not used. Send it again from the page of this case."],
  "problem.wrong-status": ["办件的状态已经变了，现在不能这样办。请刷新页面，看办到哪一步。", "The case has moved on, and this is not possible now. Reload the page and see how far it is."],
  "problem.no-credential": ["这个办件还没有电子证照，所以不能提供给其他钱包。请等办件批准、证照发出以后再试。", "This case has no credential yet that another wallet could get. Try again once it is approved and the credential is issued."],
  "problem.window-over": ["提交的时候已经过了零点（北京时间），前一天的次数不能再用。请再提交一次，会用今天的次数。", "The day ended at midnight, Beijing time, while this was sent. Send it again: it then counts for today."],
  "problem.too-many": ["数量已经到上限，没有再增加。请等已有的办完，或者先去掉一个，再试。", "There are as many as there can be, and nothing was added. Wait until one is finished, or remove one, then try again."],
  "problem.too-large": ["提交的内容太大，没有收下。请缩短文字或者换一个小一些的文件，再提交。", "What was sent is too large and was not taken. Shorten the text or choose a smaller file, and send it again."],

  // Who somebody is.
  "problem.identity-not-proven": ["部门没有确认您的身份：身份凭证可能已经过期或者失效，或者号码和验证码对不上。请重新证明身份，再提交一次。", "The agency could not tell that it is you: the identity credential may have expired or been revoked, or number and code do not belong together. Prove your identity again, then send this once more."],
  "problem.commitment-used": ["这个钱包在居民名册里的位置都已经被另一个钱包取代，不能再登记。请改用取代它的那个钱包；没有的，请新建一个钱包，再证明身份。", "Another wallet has taken every place that this one could have in the register of people. Use that wallet; if you do not have it, create a new one and prove your identity with it."],
  "problem.not-signed": ["请求里缺少签名，没有采用，可能是在路上被去掉了。请换一个网络再试；还是不行，请把技术说明给这个部门看。", "The request came without its signature and was not used; something on its way may have removed it. Try from another network; if it still fails, show the technical detail to the agency."],
  "problem.wrong-signature": ["签名没有通过核对，没有采用。请刷新页面再试；还是不行，请改用这个钱包的另一台设备，或者登记过的那把密钥。", "The signature did not pass its check, and nothing was taken. Reload the page and try again; if it still fails, use another device of this wallet, or the key that is registered."],
  "problem.wrong-time": ["这台设备的时间不准，签名没有被接受。请在设备的设置里打开自动设置时间，再试一次。", "The clock of this device is wrong, so the signature was not accepted. Let the device set its time by itself, then try again."],
  "problem.wrong-nonce": ["这次请求用时太久，或者已经用过一次，没有采用。请再试一次。", "This took too long, or was used once already, and was not taken. Try again."],
  "problem.not-finished": ["找回还没有完成，链上的等待时间没有结束，所以什么都没有交出。请等到页面上写的时间，再试一次。", "The recovery is not finished: its waiting time on the chain is not over, and nothing is released before. Try again at the time that the page says."],

  // Guardians.
  "problem.not-guardian": ["登记里没有您是这个孩子监护人的记录，没有确认。请核对孩子的号码；登记有误的，请到公安部门更正。", "The register does not say that you are this child’s guardian, so it was not confirmed. Compare the child’s number; if the register is wrong, have public security correct it."],
  "problem.of-age": ["孩子在这段时间里会满十八岁，从那天起没有监护人。请选短一些的时间；已经成年的，请本人办理，或者由本人授权您代办。", "The child comes of age within that time and has no guardian from then on. Choose a shorter time; who is of age applies themselves, or lets you act for them."],
  "problem.other-child": ["这份申请已经为另一个孩子确认过。请为每个孩子分别申请。", "This was confirmed for another child already. Ask for each child separately."],
  "problem.ended": ["这份监护确认已经终止，不能再用。还要代孩子办事的，请重新申请确认。", "This confirmation was ended and does not come back. If you still act for the child, ask for a new one."],
  "problem.delegation-not-registered": ["链上还没有显示这份授权，没有提交任何内容。刚做好的授权要等几秒；过一会儿还是这样，请对方重新授权。", "The chain does not show this delegation yet, and nothing was taken. A new one takes some seconds; if it stays so, ask the person to give it again."],
  "problem.delegation-status-unknown": ["现在查不到监护人的确认是不是还有效，没有采用提交的内容，填过的都还在。请过一会儿再试；一直查不到，请联系公安。", "Whether the guardian is still confirmed cannot be known now. Nothing was taken, and what you filled in is kept. Try again in a moment; if it stays so, ask public security."],

  // The desk.
  "problem.not-permitted": ["您的岗位没有这项权限，什么都没有改变。请转给有权限的同事，或者请单位的管理员为您的岗位开通。", "Your role does not allow this, and nothing has changed. Pass it to a colleague who may, or ask the administrator of your organisation to allow it."],
  "problem.needs-key": ["这一步要由登记了密钥的工作人员办理。请用您的密钥登录再办；还没有的，请单位的管理员为您登记。", "This takes an officer whose key is registered. Sign in with your key and do it again; if you have none, ask the administrator of your organisation to register one."],
  "problem.answered": ["这项请求已经有人答复过，这次的没有采用。请刷新页面，看已有的答复。", "This request was answered before, and this answer was not taken. Reload the page to see the one that was given."],
  "problem.held": ["有机关要求保留这个人的信息，所以没有删除，请求也还没有答复。请看技术说明里是哪个机关、什么文号：等它解除或到期再办，或者说明理由后不同意删除。", "An order to keep this person’s data stands, so nothing was deleted and the request is still open. The technical detail names the authority and its reference: wait until it is released or ends, or refuse the deletion with that as the reason."],

  // Signing in at the desk.
  "problem.wrong-message": ["登录请求已经过期，或者不是这个网站的，没有登录。请重新登录；设备时间不准的，请先校准。", "The request to sign in has expired or is not of this site, and you are not signed in. Sign in again; if the clock of this device is wrong, set it first."],
  "problem.wrong-challenge": ["这次登录用时太久，或者已经用过。请重新登录。", "This sign-in took too long or was used before. Sign in again."],
  "problem.wrong-passkey": ["通行密钥没有通过核对，没有采用。请用在这个单位设置的那一把；还是不行，请用单位账号登录，重新设置一把。", "The passkey did not pass its check and was not used. Use the one that you made at this organisation; if it still fails, sign in with its account and make a new one."],
  "problem.unknown-passkey": ["这把通行密钥已经被移除，或者属于另一个单位。请用单位账号登录，需要时再设置一把。", "This passkey was removed, or belongs to another organisation. Sign in with your organisation’s account, and make a new one if you like."],
  "problem.copied-passkey": ["这把通行密钥可能被复制过，不再接受。请用单位账号登录，移除它，再设置一把新的，并告诉单位的管理员。", "This passkey may have been copied and is not accepted. Sign in with your organisation’s account, remove it, make a new one, and tell the administrator."],
  "problem.passkey-in-use": ["这把通行密钥已经在用，没有再添加。请换一台设备或者安全密钥。", "This passkey is in use already and was not added again. Use another device or security key."],
  "problem.needs-provider": ["要先用单位账号登录：通行密钥只能在这样的登录里设置，隔一段时间也要这样登录一次，确认您还在这个单位。", "Sign in with your organisation’s account first: a passkey is made only in such a session, and once in a while it has to confirm that you still work there."],
  "problem.not-an-officer": ["您在这个单位没有登记工作人员身份，所以不能登录。刚调入或者已经调离的，请联系这个单位的管理员；换了单位的，请从新单位登录。", "You are not registered as an officer of this organisation, so you cannot sign in. If you have just joined or moved away, ask its administrator; if you work elsewhere by now, sign in there."],
  "problem.no-role": ["您在这个单位还没有岗位，所以不能登录。请联系单位的管理员为您分配。", "You have no role in this organisation yet, so you cannot sign in. Ask its administrator to give you one."],
  "problem.key-alone": ["这个单位不接受只用密钥登录。请用单位账号或者通行密钥登录。", "This organisation does not accept a key alone. Sign in with its account or with a passkey."],
  "problem.others-code": ["这个工作人员编号属于另一个账号。请联系单位的管理员核对，需要时由管理员解除绑定。", "This officer’s code belongs to another account. Ask the administrator of the organisation, who can release it."],
  "problem.others-key": ["这把密钥属于另一位工作人员，或者您登记的是另一把密钥。请用自己的密钥；换了密钥的，请联系单位的管理员。", "This key belongs to another officer, or you have another one registered. Use your own; if you changed it, ask the administrator of the organisation."],
  "problem.provider-denied": ["单位账号页面没有确认您的身份。请重新登录；还是不行，请联系单位的账号管理员。", "Your organisation’s page did not say who you are. Sign in again; if it still fails, ask who looks after its accounts."],
  "problem.code-refused": ["单位账号页面没有承认这次登录，可能已经过期。请重新登录。", "Your organisation’s page did not stand by this sign-in; it may have expired. Sign in again."],
  "problem.token-refused": ["单位账号页面给出的凭据没有通过核对，没有采用。请重新登录；还是不行，请把技术说明给单位的账号管理员看。", "What your organisation’s page answered did not pass its checks and was not used. Sign in again; if it still fails, show the technical detail to who looks after its accounts."],
  "problem.wrong-state": ["这次登录已经用过、过期，或者不是从这里开始的。请重新登录。", "This sign-in was used, has expired, or was not begun here. Sign in again."],
  "problem.wrong-browser": ["这次登录不是在这个浏览器里开始的。如果您点了别人发来的链接，请不要继续；否则请重新登录。", "This sign-in was begun in another browser. If somebody sent you a link, do not go on; otherwise sign in again."],
  "problem.wrong-issuer": ["回答的不是您单位的账号页面，没有采用。请重新登录；再次出现请报告管理员。", "The answer was not from your organisation’s page and was not used. Sign in again; if it happens again, tell the administrator."],
  "problem.provider-unusable": ["您单位的账号页面现在用不了。请稍后再登录；一直这样，请联系单位的账号管理员。", "Your organisation’s page cannot be used now. Sign in later; if it stays so, ask who looks after its accounts."],

  // The counter of an office that helps with a recovery.
  "problem.code-used": ["这个号码已经用来确认过另一个人，不能再用。请再核对身份证号码；对方要找回的，请在设备上重新取得一个号码。", "This code was used already, for another person. Compare the resident number again; if they want to recover, their device has to get a new code."],
  "problem.refused-by-contract": ["这个部门可能已经确认过这次找回，或者钱包的保护刚刚改过。请看对方的设备上显示到哪一步；没有进展的，请对方重新取得号码。", "This office may have confirmed this recovery already, or the wallet’s protection has just been changed. Look at how far the person’s device has got; if there is no progress, they have to get a new code."],
  "problem.carried-out": ["这个人的信息在本单位已经删除，这项请求不能再选“不同意”。请选“同意”，对方会收到删除的记录。", "Everything about this person was deleted here already, so this cannot be refused any more. Grant it: they get the record of the deletion."],
  "problem.not-guarded": ["链上还没有显示这个钱包由本部门保护，没有确认。请过几秒再试；还是不行，请对方选择设置保护时指定的部门。", "The chain does not show yet that this office protects the wallet. Nothing was confirmed. Try again in some seconds; if it still fails, they have to go to an office that they chose when protecting it."],
} as const satisfies Record<string, Pair>;
