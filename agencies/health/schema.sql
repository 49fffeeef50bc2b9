-- 卫健：死亡医学证明与重大疾病登记库（合成数据，非真实人员 / synthetic data, no real person）

-- 死亡医学证明
CREATE TABLE death (
  certificate_no TEXT NOT NULL PRIMARY KEY,    -- 死亡医学证明编号
  number TEXT NOT NULL,                        -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  died_on TEXT NOT NULL,                       -- 死亡日期
  status TEXT NOT NULL,                        -- 状态：recorded 已登记、withdrawn 已更正撤销、under-check 核查中
  data_origin TEXT NOT NULL                    -- 数据来源：synthetic
);
CREATE INDEX death_number ON death (number);

-- 重大疾病就医登记
CREATE TABLE major_illness (
  record_no TEXT NOT NULL PRIMARY KEY,         -- 登记编号
  number TEXT NOT NULL,                        -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  category TEXT NOT NULL,                      -- 病种类别
  status TEXT NOT NULL,                        -- 状态：confirmed 已确认、under-check 待确认
  recorded_on TEXT NOT NULL                    -- 登记日期
);
CREATE INDEX major_illness_number ON major_illness (number);
