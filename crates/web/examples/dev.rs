#[path = "../tests/support/mod.rs"]
mod support;
#[tokio::main]
async fn main() {
    let house = support::House::new();
    for (k, v) in &house.passwords {
        println!("{k} {v}");
    }
    let json: Vec<_> =
        house.passwords.iter().map(|(k, v)| serde_json::json!({"login":k,"role":k,"password":v})).collect();
    std::fs::write("/tmp/webw/accounts.json", serde_json::json!({"accounts":json}).to_string()).unwrap();
    let l = tokio::net::TcpListener::bind("127.0.0.1:4799").await.unwrap();
    axum::serve(l, house.router.clone()).await.unwrap();
}
