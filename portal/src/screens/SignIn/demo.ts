/** The passphrase of every demonstration wallet, shown beside the residents. */
export const DEMO_PASSPHRASE = "zhengtong-demo";
