// Residents on 1 November 2020: National Bureau of Statistics of China, Communiqué of the Seventh National Population
// Census (No. 3), 11 May 2021, table 3-1. Two million members of the armed forces are counted in no province.
export const CENSUS_TOTAL = 1_411_778_724;
export const ARMED_FORCES = 2_000_000;

export const PROVINCES = [
  ["Beijing 北京", 21_893_095],
  ["Tianjin 天津", 13_866_009],
  ["Hebei 河北", 74_610_235],
  ["Shanxi 山西", 34_915_616],
  ["Inner Mongolia 内蒙古", 24_049_155],
  ["Liaoning 辽宁", 42_591_407],
  ["Jilin 吉林", 24_073_453],
  ["Heilongjiang 黑龙江", 31_850_088],
  ["Shanghai 上海", 24_870_895],
  ["Jiangsu 江苏", 84_748_016],
  ["Zhejiang 浙江", 64_567_588],
  ["Anhui 安徽", 61_027_171],
  ["Fujian 福建", 41_540_086],
  ["Jiangxi 江西", 45_188_635],
  ["Shandong 山东", 101_527_453],
  ["Henan 河南", 99_365_519],
  ["Hubei 湖北", 57_752_557],
  ["Hunan 湖南", 66_444_864],
  ["Guangdong 广东", 126_012_510],
  ["Guangxi 广西", 50_126_804],
  ["Hainan 海南", 10_081_232],
  ["Chongqing 重庆", 32_054_159],
  ["Sichuan 四川", 83_674_866],
  ["Guizhou 贵州", 38_562_148],
  ["Yunnan 云南", 47_209_277],
  ["Tibet 西藏", 3_648_100],
  ["Shaanxi 陕西", 39_528_999],
  ["Gansu 甘肃", 25_019_831],
  ["Qinghai 青海", 5_923_957],
  ["Ningxia 宁夏", 7_202_654],
  ["Xinjiang 新疆", 25_852_345],
].map(([name, people]) => ({ name, people }));
