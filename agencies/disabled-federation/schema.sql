-- 残联：残疾人证库（合成数据，非真实人员 / synthetic data, no real person）

-- 残疾人证
CREATE TABLE certificate (
  certificate_no TEXT NOT NULL PRIMARY KEY,    -- 残疾人证号
  number TEXT NOT NULL,                        -- 公民身份号码
  name TEXT NOT NULL,                          -- 姓名
  type TEXT NOT NULL,                          -- 残疾类别：visual 视力、hearing 听力、speech 言语、physical 肢体、intellectual 智力、mental 精神、multiple 多重
  grade BIGINT NOT NULL,                       -- 残疾等级（一至四级，一级最重）
  status TEXT NOT NULL,                        -- 状态：valid 有效、cancelled 已注销、under-check 复评中
  issued_on TEXT NOT NULL,                     -- 发证日期
  valid_to TEXT NOT NULL,                      -- 有效期止
  data_origin TEXT NOT NULL                    -- 数据来源：synthetic
);
CREATE INDEX certificate_number ON certificate (number);
