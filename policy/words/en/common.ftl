# Shared terms. The same keys are in words/id/common.ftl.
term-person = Person
term-family = Family
term-household = Household
term-head = Head of family
term-member = Member of the family
term-nik = Identity number (NIK)
term-kk = Family card number (KK)
term-name = Name
term-birth-date = Date of birth
term-birth-place = Place of birth
term-mother = Mother's name
term-age = Age
term-sex = Sex
term-address = Address
term-region = Region
term-nation = Nation
term-province = Province
term-district = District
term-subdistrict = Subdistrict
term-village = Village
term-decile = Decile
term-rank-date = Date of the rank
term-programme = Programme
term-recipient = Beneficiary
term-entitlement = Entitlement
term-component = Component
term-quota = Quota
term-period = Period
term-stage = Stage
term-closing = Monthly closing
term-decision = Decision
term-eligible = Eligible
term-excluded = Excluded
term-waiting = Waiting for a place
term-reason = Reason
term-amount = Amount
term-payment = Payment
term-account = Account
term-card = Card (KKS)
term-channel = Channel
term-absorption = Absorption
term-companion = Companion
term-caseload = Caseload
term-case = Case
term-task = Task
term-complaint = Complaint
term-objection = Objection
term-proposal = Proposal
term-referral = Referral
term-graduation = Graduation
term-deadline = Deadline
term-source = Source
term-list = List
term-match = Match
term-unknown = not known
outcome-true = Met
outcome-false = Not met
outcome-unknown = Not known
kind-eligibility = Condition
kind-exclusion = Exclusion
kind-component = Component
kind-cap = Limit
kind-quota = Quota
kind-combination = Combination
count-families = { $count ->
    [one] { $count } family
   *[other] { $count } families
}
count-people = { $count ->
    [one] { $count } person
   *[other] { $count } people
}
count-working-days = { $count ->
    [0] today
    [one] { $count } working day left
   *[other] { $count } working days left
}
count-working-days-late = { $count ->
    [one] { $count } working day late
   *[other] { $count } working days late
}
