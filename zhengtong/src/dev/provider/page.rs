//! The pages of the demo provider. They say what it is in both languages.

use super::{Asked, people};
use crate::dev::cast::Agency;

const STYLE: &str = "\
:root{color-scheme:light;--ink:#1b1f24;--soft:#5b6470;--line:#d9dee4;--accent:#0b5cab;--wash:#f5f7f9}\
body{margin:0;font:1.0625rem/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;color:var(--ink);background:var(--wash)}\
main{max-width:34rem;margin:4rem auto;padding:2.5rem;background:#fff;border:1px solid var(--line)}\
h1{font-size:1.5rem;line-height:1.3;margin:0 0 .25rem}p{margin:.25rem 0}\
.note{border-left:4px solid #b26a00;background:#fff7e8;padding:.75rem 1rem;margin:1.5rem 0}\
.soft{color:var(--soft);font-size:.9375rem}ul{list-style:none;margin:1.5rem 0 0;padding:0}\
li{border-top:1px solid var(--line)}\
button{all:unset;box-sizing:border-box;width:100%;min-height:3.25rem;padding:.75rem .25rem;cursor:pointer;display:grid;\
grid-template-columns:5rem 1fr auto;gap:.25rem 1rem;align-items:baseline}\
button:hover{background:var(--wash)}button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
strong{color:var(--accent)}.cancel strong{color:var(--soft);font-weight:400}\
@media(max-width:40rem){main{margin:0;padding:1.5rem;border:0}button{grid-template-columns:1fr auto}button .soft{grid-column:1/-1}}";

/// What a group of the demo provider is called.
fn group(name: &str) -> &str {
    match name {
        "handlers" => "办理 · handles cases",
        "counter" => "窗口 · counter",
        "data-protection" => "个人信息保护 · data protection",
        "administrators" => "管理 · administrator",
        other => other,
    }
}

/// Everybody whom one can be at an agency.
pub fn page(agency: &Agency, asked: &Asked) -> String {
    let mut fields = String::new();
    for (name, value) in [
        ("response_type", &asked.response_type),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("scope", &asked.scope),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
    ] {
        fields.push_str(&format!(
            "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
            escaped(value)
        ));
    }
    let mut choices = String::new();
    for person in people(agency) {
        let groups = if person.groups.is_empty() {
            "已调离，没有角色 · moved away, no role".to_owned()
        } else {
            let groups: Vec<_> = person.groups.iter().map(|name| group(name)).collect();
            groups.join("<br>")
        };
        choices.push_str(&format!(
            "<li><button name=\"person\" value=\"{code}\"><strong>{name}</strong> <span>{code}</span>\
             <span class=\"soft\">{groups}</span></button></li>",
            code = escaped(&person.code),
            name = escaped(person.name),
        ));
    }
    whole(&format!(
        "<h1>演示统一身份认证</h1><p class=\"soft\" lang=\"en\">Demo sign-in for officers · {slug}</p>\
         <p>{agency}的工作人员账号：选择以谁的身份登录。</p>\
         <div class=\"note\"><p><b>以下人员均为虚构（合成数据）。</b>本页面仅在 <code>zhengtong dev</code> 演示网络中存在，不验证身份。</p>\
         <p lang=\"en\"><b>These people are synthetic.</b> This page exists in a demo network of <code>zhengtong dev</code> alone \
         and checks nobody’s identity.</p></div>\
         <form method=\"post\" action=\"choose\">{fields}<ul>{choices}\
         <li class=\"cancel\"><button name=\"person\" value=\"\"><strong>取消 · Cancel</strong></button></li></ul></form>",
        slug = escaped(agency.slug),
        agency = escaped(agency.name),
    ))
}

/// After a sign-out.
pub fn ended() -> String {
    whole("<h1>已退出演示账号</h1><p lang=\"en\">You are signed out of the demo account.</p>")
}

fn whole(content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>演示统一身份认证 · Demo sign-in</title><style>{STYLE}</style></head><body><main>{content}</main></body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::cast::AGENCIES;

    #[test]
    fn the_page_says_that_its_people_are_made_up_and_repeats_nothing_as_markup() {
        let agency = &AGENCIES[1];
        let asked = Asked {
            response_type: "code".into(),
            client_id: agency.slug.into(),
            redirect_uri: "http://127.0.0.1/desk/sign-in/return".into(),
            scope: "openid".into(),
            state: "\"><script>alert(1)</script>".into(),
            nonce: "n".into(),
            code_challenge: "c".into(),
            code_challenge_method: "S256".into(),
            prompt: String::new(),
        };
        let html = page(agency, &asked);
        assert!(html.contains("虚构") && html.contains("synthetic"));
        assert!(!html.contains("<script"));
        for person in people(agency) {
            assert!(html.contains(&person.code) && html.contains(person.name));
        }
    }

    #[test]
    fn everybody_has_a_code_of_their_own() {
        let codes: Vec<_> = AGENCIES
            .iter()
            .flat_map(people)
            .map(|person| person.code)
            .collect();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(codes.len(), distinct.len());
    }
}
