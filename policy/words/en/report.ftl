# Figures and work that waits. The same keys are in words/id/report.ftl.

# what waits
report-task-late_cases = { $n ->
    [one] { $n } case is late
   *[other] { $n } cases are late
}
report-task-cases = { $n ->
    [one] { $n } case waits for you
   *[other] { $n } cases wait for you
}
report-task-reviews = { $n ->
    [one] { $n } pair of records waits for review
   *[other] { $n } pairs of records wait for review
}
report-task-rejects = { $n ->
    [one] { $n } row rejected in the newest lists
   *[other] { $n } rows rejected in the newest lists
}
report-task-refused_lists = { $n ->
    [one] { $n } list refused whole and not replaced
   *[other] { $n } lists refused whole and not replaced
}
report-task-decision_drafts = { $n ->
    [one] { $n } decision list waits for approval
   *[other] { $n } decision lists wait for approval
}
report-task-order_approvals = { $n ->
    [one] { $n } payment order waits for approval
   *[other] { $n } payment orders wait for approval
}
report-task-orders_to_send = { $n ->
    [one] { $n } payment order approved and not yet sent
   *[other] { $n } payment orders approved and not yet sent
}
report-task-exceptions = { $n ->
    [one] { $n } row of bank replies is unexplained
   *[other] { $n } rows of bank replies are unexplained
}
report-task-account_problems = { $n ->
    [one] { $n } payment line has a problem
   *[other] { $n } payment lines have a problem
}
report-task-unwithdrawn = { $n ->
    [one] { $n } family has not withdrawn its aid
   *[other] { $n } families have not withdrawn their aid
}
report-task-failed_jobs = { $n ->
    [one] { $n } task of the machine failed: run the same command again
   *[other] { $n } tasks of the machine failed: run the same command again
}
report-more-than = more than { $n }
report-oldest = oldest { $days } days
report-nothing-waits = Nothing waits.

# age of money on cards
report-age-fresh = up to 14 days
report-age-month = 15 to 30 days
report-age-two_months = 31 to 60 days
report-age-older = more than 60 days

# figures
report-figure-families = Families
report-figure-people = People
report-figure-poor = Families in deciles 1-4
report-figure-ranked = Families with a decile
report-figure-eligible = Receiving families
report-figure-waiting = Families waiting for quota
report-figure-not_eligible = Families not eligible
report-figure-decided = Value decided
report-figure-allocated = Allocation
report-figure-ordered = Ordered
report-figure-topped_up = Topped up
report-figure-withdrawn = Withdrawn
report-figure-on_card = Still on cards
report-figure-returned = Returned
report-figure-pending = Pending at the bank
report-figure-problems = Lines with a problem
report-figure-absorption = Absorption

# units
report-unit-families = families
report-unit-people = people
report-unit-records = rows of lists
report-unit-lines = payment lines
report-unit-rupiah = rupiah
report-unit-permille = per thousand

# state
report-count-persons = People
report-count-families = Families
report-count-reviews_open = Pairs waiting for review
report-count-decisions_on_pairs = Pairs decided
report-count-regions = Regions
report-count-users = Users
report-count-jobs_running = Works running
report-count-jobs_failed = Works failed
report-count-exceptions_open = Bank replies unexplained

# what a figure stands on
report-basis = { $region }, as of { $as_of }, from { $source }
report-basis-caseload = the families assigned to you

# errors
galat-report-region = This region is not in your territory.
galat-report-region-remedy = Choose a region from the map, or ask for the right to that region.
galat-report-damaged = The figures cannot be counted: a column of the dataset is missing.
galat-report-damaged-remedy = Run the consolidation or the closing of that month again.
galat-report-money = A sum of money is out of range and is not used.
galat-report-money-remedy = Check the payment lines that came in last.
galat-report-export = The figures could not be written as CSV.
galat-report-export-remedy = Try again; if it fails again, quote the request number.
galat-report-too-long = This table is too long for one workbook.
galat-report-too-long-remedy = Take it as CSV, or take a part of the territory.
