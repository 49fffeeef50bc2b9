import type { Pair } from ".";

/** The ways into a wallet on one device: passphrase and passkey. */
export const ways = {
  "ways.title": ["怎样打开这个钱包", "How this wallet opens"],
  "ways.lead": ["钱包加密保存在这台设备上。下面任何一种方式都能打开它。", "The wallet is kept encrypted on this device. Each of these opens it."],
  "ways.kind.passphrase": ["口令", "Passphrase"],
  "ways.kind.passkey": ["锁屏方式（指纹、面容或密码）", "Screen lock (finger, face or PIN)"],
  "ways.kind.injected": ["钱包扩展", "Wallet extension"],
  "ways.since": ["{date}设置", "Set up on {date}"],

  "ways.addPasskey": ["用锁屏方式打开", "Open it with the screen lock"],
  "ways.addPasskeyText": ["设置以后，用指纹、面容或锁屏密码就能打开，不用输口令。", "Once set up, a finger, a face or this device’s PIN opens it: nothing to type."],
  "ways.addPasskeyMore": ["再加一把通行密钥", "Add another passkey"],
  "ways.twice": ["这台设备会请您确认两次：先建立通行密钥，再用它锁住钱包。", "This device asks you twice: to make a passkey, and to seal the wallet with it."],
  "ways.addPassphrase": ["另外设一个口令", "Set a passphrase as well"],
  "ways.addPassphraseText": ["锁屏方式不能用时，也能打开。请选一个不容易猜的。", "It opens the wallet when the screen lock does not. Choose one that is hard to guess."],
  "ways.yourPassphrase": ["请输入现在的口令，确认是您", "Enter your passphrase, so that we know it is you"],
  "ways.do": ["设置", "Set it up"],
  "ways.cancel": ["先不设置", "Not now"],
  "ways.added": ["设置好了", "It is set up"],
  "ways.addedPasskey": ["下次用锁屏方式就能打开。口令也还能打开；如果它容易猜，可以移除。", "Next time the screen lock opens it. So does the passphrase still; if it is easy to guess, remove it."],
  "ways.addedText": ["下次打开时可以用它。", "You can use it the next time."],

  "ways.remove": ["移除", "Remove"],
  "ways.removeSure": ["移除这种方式", "Remove this way"],
  "ways.keep": ["先不移除", "Keep it"],
  "ways.removeText": ["留下的方式会再请您确认一次，然后钱包换一把新的钥匙。", "Each way that stays asks you once more. Then the wallet gets a new key."],
  "ways.removePassphrase": ["以后只有锁屏方式能打开。如果通行密钥没有了（例如设备被重置），要用助记词或到部门窗口找回。", "From then on the screen lock alone opens it. If its passkey is gone, because the device was reset for instance, you need your words or the counters of two offices."],
  "ways.removed": ["已经移除", "Removed"],
  "ways.removedText": ["它打不开这个钱包了。", "It does not open this wallet any more."],

  "first.label": ["以后怎样打开钱包", "How to open the wallet from now on"],
  "first.passkey": ["用锁屏方式（指纹、面容或密码）", "With the screen lock (finger, face or PIN)"],
  "first.passkeyHint": ["不用记口令。推荐。", "No passphrase to remember. Recommended."],
  "first.passphrase": ["用口令", "With a passphrase"],
  "first.passphraseHint": ["适合和别人共用锁屏密码的设备。", "For a device whose screen lock others know too."],
  "first.text": ["这台设备会请您确认两次：先建立通行密钥，再用它锁住钱包。钱包只有在您确认之后才能打开。", "This device asks you twice: to make a passkey, and to seal the wallet with it. The wallet opens only after you have confirmed."],
  "first.recovered": ["用您刚才在这台设备上建立的通行密钥锁住钱包。这台设备会请您确认一次。", "The passkey that you made on this device seals the wallet. It asks you once."],

  "unlock.passkey": ["用锁屏方式打开", "Open with the screen lock"],
  "unlock.passkeyText": ["这台设备会请您用指纹、面容或锁屏密码确认。", "This device asks for your finger, your face or its PIN."],
  "unlock.otherWallet": ["不是您的钱包？", "Not your wallet?"],
  "unlock.byPassphrase": ["改用口令", "Use the passphrase instead"],
  "unlock.passkeyGone": ["打不开？", "It does not open?"],
  "unlock.passkeyGoneText": ["如果通行密钥没有了（例如设备被重置），可以用下面的“用助记词恢复”，或者到部门窗口找回。", "If its passkey is gone, because the device was reset for instance, restore the wallet with its words, or at the counters of two offices. Both are below."],
} as const satisfies Record<string, Pair>;
