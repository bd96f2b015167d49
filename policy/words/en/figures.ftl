# Published figures and budgets: codes of policy/figures and policy/budgets. The same keys stand in words/id/figures.ftl.

# kind
figure-kind-budget = Ceiling
figure-kind-rate = Rate
figure-kind-target = Target
figure-kind-baseline = Baseline
figure-kind-stock = Stock
figure-kind-realisation = Realisation
figure-kind-amount = Amount for one
figure-kind-count = Count
figure-kind-programme = Programme
figure-kind-actor = Actor
figure-kind-duty = Duty
figure-kind-rule = Rule
figure-kind-policy = Direction of policy
figure-kind-process = Way of working
figure-kind-statement = Statement

# place in the system
figure-place-programme = Programme
figure-place-actor = Actor
figure-place-budget = Budget
figure-place-indicator = Indicator
figure-place-service = Service
figure-place-registry = Registry
figure-place-process = Process
figure-place-policy = Policy
figure-place-survey = Survey

# unit
figure-unit-idr = rupiah
figure-unit-idr_victim = rupiah for each victim
figure-unit-percent = per cent
figure-unit-kpm = beneficiary families
figure-unit-kk = heads of family
figure-unit-person = people
figure-unit-ppks = people served
figure-unit-unit = groups
figure-unit-institution = institutions
figure-unit-district = districts
figure-unit-village = villages
figure-unit-province = provinces
figure-unit-programme = programmes
figure-unit-strategy = strategies
figure-unit-bank = banks
figure-unit-company = companies
figure-unit-kpm_companion_year = families for each companion and year

# outcome of checks
figure-outcome-equal = Agrees
figure-outcome-differs = Known difference
figure-outcome-not_comparable = Not comparable
figure-outcome-none = Not worked out

# budgets
budget-scope-ministry = Ministry of Social Affairs
budget-scope-national = Nation
budget-unit-government = All ministries
budget-unit-ministry = Whole ministry
budget-unit-secretariat = Secretariat General
budget-unit-inspectorate = Inspectorate General
budget-unit-social_security = DG Social Protection and Security
budget-unit-rehabilitation = DG Social Rehabilitation
budget-unit-empowerment = DG Social Empowerment
budget-funding-APBN = State budget (APBN)
budget-funding-APBD = Regional budget (APBD)
budget-funding-HDN = Domestic grants (HDN)
budget-funding-CSR = CSR
budget-account-5711 = 5711 social rehabilitation
budget-account-5721 = 5721 social security
budget-account-5731 = 5731 social empowerment
budget-account-5741 = 5741 social protection
budget-account-5751 = 5751 poverty reduction

# page /angka
web-nav-figures = Published figures
web-figures-lead = Every figure that was announced: as printed and as read, with its source, its day and what the checks say of it.
web-figures-search = Search figures
web-figures-all-topics = All topics
web-figures-all-kinds = All kinds
web-figures-none = No figures
web-figures-none-text = No published figure fits this filter. Empty the search or choose all topics.
web-figures-found = { $n ->
    [one] { $n } statement
   *[other] { $n } statements
}
web-figure-what = Statement
web-figure-kind = Kind
web-figure-topic = Topic
web-figure-place = Place in the system
web-figure-number = As read
web-figure-outcome = Check
web-figure-stated = Stated
web-figure-speaker = By
web-figure-period = Period
web-figure-printed = As printed
web-figure-printed-same = the same as read
web-figure-printed-as = printed { $text }
web-figure-read = As read
web-figure-source-note = About the source
web-figure-note = Note
web-figure-origin = Where it comes from
web-figure-checks = Sums in which it stands
web-figure-checks-none = This figure stands in no sum.
web-figure-in-budget = This ceiling in the budget of { $year }
web-figure-in-realisation = This realisation in the budget of { $year }
web-figure-in-reach = This number among the targets and results of { $year }
web-check-left = Worked out
web-check-right = Compared with
web-check-difference = Difference

# page /anggaran
web-nav-budget = Budget
web-budget-of = Budget { $year }
web-budget-on = As of { $day }: the version of the ceiling in force, and the last published realisation until that day.
web-budget-lead = Ceilings in their versions, the blocked part, the published realisation, and how far it goes at the chosen day.
web-budget-see-figures = All published figures and their checks
web-budget-years = Fiscal years
web-budget-day = As of
web-budget-days = Days with published figures
web-budget-none = No published ceiling or realisation
web-budget-none-text = The policy pack has no published ceiling or realisation for this year. Choose another year above.
web-budget-since = since { $day }
web-budget-ceiling = Ceiling
web-budget-blocked = Blocked
web-budget-no-ceiling = no ceiling stated
web-reach = Targets, stocks and results
web-reach-text = Three different kinds of number: a target is to be reached within a year, a stock is what exists on a day, a realisation is what was reached. Each has a column of its own; they are neither compared nor added up. Beside them stand the families that were decided to receive in your territory.
web-reach-who = Who or what
web-reach-decided = Decided to receive here
web-reach-families = { $n ->
    [one] { $n } family
   *[other] { $n } families
}
web-reach-unknown = The mark – means that no number was published for this year, not zero. Decisions: the approved list of the last period of this year.
web-budget-gross = Gross realisation
web-budget-returned = Returned
web-budget-net = Net
web-budget-as-of = as of { $day }
web-budget-tag = tag across programmes
web-budget-unknown = The mark – means that the source is silent, not zero. Lines are not added up: a tag across programmes holds other lines, and each source has a scope of its own.
web-budget-published = { $n ->
    [one] { $n } published figure and its source
   *[other] { $n } published figures and their sources
}
web-budget-published-head = Published figures
web-budget-date = Day
web-budget-what = What
web-budget-spent = Realisation
web-budget-spent-derived = Realisation, worked out from a rate
web-budget-own = Paid by this system
web-budget-own-text = Money that arrived on accounts less what came back, by the payment records of your territory. It stands beside the published figure and is never added to it.
web-budget-own-net = Net here
web-budget-published-net = Net published
web-devices = Devices handed over
web-devices-text = One row for one item and one person. A person is counted once however many devices were given, so people overall are not the sum of the programmes.
web-devices-handovers = Hand-overs
web-devices-people = People, each once
web-devices-people-programme = People of this programme
web-devices-value = Value
web-devices-none = No hand-over is recorded in your territory in this year.
web-devices-see-rows = See every hand-over
web-devices-rows = Rows of hand-overs
web-devices-year = Year
web-devices-all-years = All years
web-devices-all-programmes = All programmes
web-devices-item = Item
web-devices-day = Day of hand-over
web-devices-document = Document
web-devices-person = Person
web-devices-person-id = Number of the person
web-devices-gone = Person number { $id }, no longer in the registry
web-devices-no-rows = No hand-over yet
web-devices-no-rows-text = No hand-over is recorded in your territory for this choice. Choose another year or programme.
web-devices-published = The realisation that was announced
web-source-handovers = records of hand-over
