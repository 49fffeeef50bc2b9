-- 公安：人口与户籍库（合成数据，非真实人员 / synthetic data, no real person）
-- Dates are ISO 8601 texts (YYYY-MM-DD). Numbers use area codes that no place has (9901xx).

-- 人口基本信息
CREATE TABLE person (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码（GB 11643）
  name TEXT NOT NULL,                          -- 姓名
  sex TEXT NOT NULL,                           -- 性别：男、女
  birth_date TEXT,                             -- 出生日期；空：待核实
  data_origin TEXT NOT NULL                    -- 数据来源：synthetic
);

-- 户
CREATE TABLE household (
  household_no TEXT NOT NULL PRIMARY KEY,      -- 户号
  region TEXT NOT NULL,                        -- 行政区划代码；9901 开头为本市
  address TEXT NOT NULL,                       -- 住址
  kind TEXT NOT NULL                           -- 户别：家庭户、集体户
);

-- 户口登记；没有记录的人，本库答不出户籍
CREATE TABLE registration (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  household_no TEXT NOT NULL,                  -- 户号
  relation TEXT NOT NULL,                      -- 与户主关系
  status TEXT NOT NULL,                        -- 登记状态：registered 在册、moved-out 已迁出、under-check 核查中
  since TEXT NOT NULL                          -- 登记日期
);

-- 网上身份凭证的取证码（演示用）
CREATE TABLE pickup_code (
  number TEXT NOT NULL PRIMARY KEY,            -- 公民身份号码
  code TEXT NOT NULL                           -- 取证码
);

-- 未成年人的监护（民法典第二十七条：父母是未成年子女的监护人；没有父母监护的，依次由其他人担任）
CREATE TABLE guardianship (
  number TEXT NOT NULL,                        -- 被监护人公民身份号码
  guardian_number TEXT NOT NULL,               -- 监护人公民身份号码
  kind TEXT NOT NULL,                          -- 监护人：parent 父母、other 其他法定或指定监护人
  status TEXT NOT NULL,                        -- 状态：registered 在册、ended 已终止（离婚变更、撤销监护资格等）、under-check 核查中
  since TEXT NOT NULL,                         -- 起始日期
  data_origin TEXT NOT NULL,                   -- 数据来源：synthetic
  PRIMARY KEY (number, guardian_number)
);
