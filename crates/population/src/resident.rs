use jiff::civil::Date;

/// One made-up person, as all agencies together would know them.
#[derive(Clone, Debug)]
pub struct Resident {
    /// 公民身份号码.
    pub number: String,
    /// 姓名.
    pub name: String,
    /// Whether 男.
    pub male: bool,
    /// 出生日期; `birth_known` says whether public security has it.
    pub birth: Date,
    /// Whether the date of birth is on record.
    pub birth_known: bool,
    /// Index of the household.
    pub household: usize,
    /// 与户主关系.
    pub relation: &'static str,
    /// 户口登记; `None`: the record is missing.
    pub registration: Option<Registration>,
    /// Code that proves identity at the counter.
    pub code: String,
    /// 死亡医学证明.
    pub death: Option<Death>,
    /// 福利津贴.
    pub allowances: Vec<Allowance>,
    /// 低保.
    pub minimum_living: Option<MinimumLiving>,
    /// 特困供养.
    pub extreme_poverty: Option<Support>,
    /// 临时救助 dates.
    pub relief: Vec<Date>,
    /// 残疾人证.
    pub certificate: Option<Certificate>,
    /// 重大疾病登记.
    pub illness: Option<Illness>,
    /// 就业登记; `None`: the record is missing.
    pub employment: Option<Employment>,
    /// Whether a pension is paid.
    pub pension: bool,
    /// 监护关系: what is on record of the parents' guardianship of a minor.
    pub guardianship: Doubt,
    /// 工伤待遇.
    pub work_injury: Option<WorkInjury>,
}

/// Whether a record is firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It holds.
    Firm,
    /// It no longer holds.
    Over,
    /// Being checked: nobody can say.
    UnderCheck,
}

/// Household registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// In this city.
    Here,
    /// In another city.
    Elsewhere,
    /// Being checked.
    UnderCheck,
}

/// A death certificate.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// 死亡日期.
    pub on: Date,
    /// Recorded, withdrawn, or being checked.
    pub doubt: Doubt,
}

/// An allowance being paid, ended, or checked.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// 类别.
    pub kind: &'static str,
    /// Paying, ended, or being checked.
    pub doubt: Doubt,
    /// 每月金额（分）.
    pub monthly_fen: i64,
    /// 起发日期.
    pub since: Date,
}

/// Minimum living guarantee of the household.
#[derive(Clone, Copy, Debug)]
pub struct MinimumLiving {
    /// 有效期止.
    pub valid_to: Date,
    /// Valid, run out, or being checked.
    pub doubt: Doubt,
}

/// Support of the extremely poor.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// 起始日期.
    pub since: Date,
    /// Supported, ended, or being checked.
    pub doubt: Doubt,
}

/// A disability certificate.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// 残疾类别.
    pub kind: &'static str,
    /// 残疾等级, 1 to 4.
    pub grade: i64,
    /// Valid, cancelled, or being reassessed.
    pub doubt: Doubt,
    /// 有效期止.
    pub valid_to: Date,
}

/// A major illness on record.
#[derive(Clone, Copy, Debug)]
pub struct Illness {
    /// 病种类别.
    pub category: &'static str,
    /// 登记日期.
    pub on: Date,
    /// Confirmed, or to be confirmed.
    pub doubt: Doubt,
}

/// Employment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Employment {
    /// 在业.
    Employed,
    /// 登记失业.
    Unemployed,
    /// 退休.
    Retired,
    /// 未登记.
    NotRegistered,
    /// 核查中.
    UnderCheck,
}

/// Benefits after an injury at work.
#[derive(Clone, Copy, Debug)]
pub struct WorkInjury {
    /// 伤残等级.
    pub grade: i64,
    /// 生活护理费.
    pub care: &'static str,
}
