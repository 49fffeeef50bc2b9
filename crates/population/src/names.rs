//! Names and addresses that read naturally and that nobody has.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

const SURNAMES: [char; 40] = [
    '王', '李', '张', '刘', '陈', '杨', '黄', '赵', '吴', '周', '徐', '孙', '马', '朱', '胡', '郭', '何',
    '高', '林', '罗', '郑', '梁', '谢', '宋', '唐', '许', '韩', '冯', '邓', '曹', '彭', '曾', '肖', '田',
    '董', '袁', '潘', '于', '蒋', '蔡',
];
/// The first character of every given name says that the person is an example.
const MARKS: [char; 8] = ['例', '样', '拟', '示', '仿', '虚', '试', '模'];
const MALE: [char; 16] = [
    '强', '军', '伟', '平', '山', '林', '生', '国', '明', '华', '海', '峰', '田', '川', '松', '柏',
];
const FEMALE: [char; 16] = [
    '芳', '兰', '英', '秀', '梅', '珍', '霞', '玉', '琴', '云', '莲', '菊', '萍', '燕', '桂', '荷',
];
const ROADS: [&str; 10] = [
    "样例路",
    "示范街",
    "虚拟大道",
    "合成巷",
    "模拟里",
    "试验路",
    "仿真街",
    "演示路",
    "例证巷",
    "拟定里",
];

/// A name.
pub(crate) fn name(rng: &mut ChaCha8Rng, male: bool) -> String {
    let given = if male { MALE } else { FEMALE };
    [pick(rng, &SURNAMES), pick(rng, &MARKS), pick(rng, &given)]
        .iter()
        .collect()
}

/// An address in a city that does not exist.
pub(crate) fn address(rng: &mut ChaCha8Rng, region: &str) -> String {
    let city = if region.starts_with("9901") {
        "合成市"
    } else {
        "邻例市"
    };
    let road = pick(rng, &ROADS);
    let (house, stair, room) = (
        rng.random_range(1..400),
        rng.random_range(1..9),
        rng.random_range(101..1806),
    );
    format!("{city}{}区{road}{house}号{stair}单元{room}室", &region[4..])
}

pub(crate) fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    *from.choose(rng).expect("the lists here are not empty")
}
