//! What does not go together is not done by one person for one cycle, whatever the role allows.

use access::{NewUser, Session, create_user, session_of_login};
use model::RegionCode;

use super::house::TestHouse;
use crate::*;

fn treasurer(test: &TestHouse, login: &str) -> Session {
    let manage = Session::console(&test.house).scope("user.manage").unwrap();
    let new = NewUser {
        login: login.into(),
        name: login.into(),
        role: "treasurer".into(),
        region: RegionCode::nation(),
        password: None,
    };
    create_user(&test.house, &manage, new).unwrap();
    session_of_login(&test.house, &manage, login).unwrap()
}

fn apart<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Apart { .. }))
}

#[test]
fn who_built_a_cycle_does_not_approve_its_order_and_who_approved_neither_sends_nor_reconciles() {
    for test in TestHouse::all() {
        let house = &test.house;
        let cycle = test.build(4).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let [second, third] = ["bendahara2", "bendahara3"].map(|login| treasurer(&test, login));
        let build = second.scope("payment.build").unwrap();
        let order = prepare_order(house, &build, cycle, &Wave::default()).unwrap();
        let approve =
            |scope: &access::Scope| approve_order(house, scope, order.order_id, &order.list_hash, "SPM-1");
        // Neither who prepared this order nor who built the cycle, though both have the right.
        assert!(matches!(approve(&second.scope("payment.approve").unwrap()), Err(Error::SamePerson)));
        assert!(apart(&approve(&test.scope("payment.approve"))));
        let approver = third.scope("payment.approve").unwrap();
        assert_eq!(approve(&approver).unwrap().state, "approved");
        let sp2d = Sp2d { number: "SP2D-1".into(), on: jiff::civil::date(2026, 11, 20) };
        let export = third.scope("payment.export").unwrap();
        assert!(apart(&disburse_order(house, &export, order.order_id, &sp2d)));
        test.disburse(order.order_id);
        assert!(apart(&export_orders(house, &export, order.order_id, &test.outbox(), &model::Silent)));
        assert_eq!(
            std::fs::read_dir(test.outbox()).unwrap().count(),
            2,
            "the request and its seal, no order"
        );
        let check = third.scope("payment.reconcile").unwrap();
        assert!(apart(&reconcile(house, &check, cycle, &model::Silent)));
        let held = LineDecision::Hold;
        let line =
            line_list(house, &test.scope("payment.read"), cycle, LineFilter::All, &store::Page::first(1));
        let line = model::LineId(line.unwrap().items[0].line_id);
        assert!(apart(&decide_line(house, &third.scope("payment.build").unwrap(), line, &held, "x")));
        // Others can, and the machine itself is no person.
        let scope = test.scope("payment.export");
        export_orders(house, &scope, order.order_id, &test.outbox(), &model::Silent).unwrap();
        let console = Session::console(house).scope("payment.reconcile").unwrap();
        assert!(reconcile(house, &console, cycle, &model::Silent).unwrap().sound);
        assert!(test.reconcile(cycle).sound);
        // It is by cycle: of the next one they may do the other thing.
        let next = test.build_second(4).cycle_id;
        assert!(reconcile(house, &check, next, &model::Silent).unwrap().sound);
    }
}
