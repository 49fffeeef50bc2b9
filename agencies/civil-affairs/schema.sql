-- 民政：社会救助与福利津贴库（合成数据，非真实人员 / synthetic data, no real person）

-- 福利津贴发放
CREATE TABLE allowance (
  allowance_no TEXT NOT NULL PRIMARY KEY,      -- 发放编号
  number TEXT NOT NULL,                        -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  kind TEXT NOT NULL,                          -- 类别：old-age 老年综合津贴、disability-living 残疾人生活补贴、duty-disability 因公致残津贴、retired-cadre 离休生活补贴
  status TEXT NOT NULL,                        -- 状态：paying 发放中、ended 已停发、under-check 核查中
  monthly_fen BIGINT NOT NULL,                 -- 每月金额（分）
  since TEXT NOT NULL,                         -- 起发日期
  data_origin TEXT NOT NULL                    -- 数据来源：synthetic
);
CREATE INDEX allowance_number ON allowance (number);

-- 最低生活保障家庭
CREATE TABLE minimum_living_household (
  certificate_no TEXT NOT NULL PRIMARY KEY,    -- 低保证号
  region TEXT NOT NULL,                        -- 行政区划代码
  valid_from TEXT NOT NULL,                    -- 有效期起
  valid_to TEXT NOT NULL,                      -- 有效期止
  status TEXT NOT NULL                         -- 状态：valid 有效、under-check 复核中
);
CREATE TABLE minimum_living_member (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  certificate_no TEXT NOT NULL                 -- 低保证号
);

-- 特困人员供养
CREATE TABLE extreme_poverty (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  manner TEXT NOT NULL,                        -- 供养方式：home 分散、institution 集中
  status TEXT NOT NULL,                        -- 状态：supported 供养中、ended 已终止、under-check 核查中
  since TEXT NOT NULL                          -- 起始日期
);

-- 临时救助
CREATE TABLE relief (
  relief_no TEXT NOT NULL PRIMARY KEY,         -- 救助编号
  number TEXT NOT NULL,                        -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  cause TEXT NOT NULL,                         -- 救助原因
  amount_fen BIGINT NOT NULL,                  -- 金额（分）
  decided_on TEXT NOT NULL                     -- 审批日期
);
CREATE INDEX relief_number ON relief (number);
