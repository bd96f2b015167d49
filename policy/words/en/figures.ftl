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
