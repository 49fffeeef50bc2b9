-- 人社：就业与社会保险库（合成数据，非真实人员 / synthetic data, no real person）

-- 就业登记
CREATE TABLE employment (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  status TEXT NOT NULL,                        -- 状态：employed 在业、unemployed 登记失业、retired 退休、none 未登记、under-check 核查中
  since TEXT NOT NULL,                         -- 起始日期
  data_origin TEXT NOT NULL                    -- 数据来源：synthetic
);

-- 养老保险待遇
CREATE TABLE pension (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  kind TEXT NOT NULL,                          -- 险种：employee 职工、resident 城乡居民
  monthly_fen BIGINT NOT NULL,                 -- 每月金额（分）
  since TEXT NOT NULL                          -- 起领日期
);

-- 工伤保险待遇
CREATE TABLE work_injury (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  grade BIGINT NOT NULL,                       -- 伤残等级（一至十级）
  care_allowance TEXT NOT NULL,                -- 生活护理费：none 无、full 全部、large 大部分、part 部分、under-check 核查中
  since TEXT NOT NULL                          -- 起领日期
);
