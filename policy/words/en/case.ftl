# Cases: boards, workflows, letters, faults; reports of citizens without an account and their tickets.
web-all-kinds = All kinds
web-case-kind = Kind of case
web-only-late = Late ones only
web-more-than = more than { $n }
web-told-late = Somebody else's step is late
web-told = For your information
web-counted-on = Counted on { $day }
web-case-new-other = Open a case that is not about one family
web-place-code = Code of the place
web-place-code-hint = As the home ministry writes it: 99.01.05.2003 (a village) or 99.01 (a district)
web-place-wrong = The code of the place is not known; write it as 99.01.05.2003
web-body-name = Name of the body or group
web-case-as-of = As it stood at the end of { $day }
web-case-as-of-text = You see the case as of that day. Steps can be taken only as it stands now.
web-case-as-of-label = Look as of a day
web-case-both = Somebody else answered the same questions
web-case-both-text = While you were writing, somebody else saved other answers. Compare; what you wrote still stands below. Send it again if yours is right, or put theirs in its place.
web-case-question = Question
web-case-theirs = Their answer
web-case-yours = What you wrote
web-case-relatives = Cases that belong together
web-case-parent = Opened this one
web-case-child = Opened by this one
web-case-sibling = Of the same tree
web-case-number = Case number { $n }
web-deadlines-law = Deadlines of laws
web-deadline-missed = Missed
web-deadline-met = Met
web-deadline-runs = Running
web-deadline-open = not begun
web-letters = Letters
web-letter-how = Print with the button below, or save as PDF from the browser.
web-flows = Workflows
web-flows-lead = Every matter goes the way that the policy writes down: who, when, and how many days at most.
web-flow-see = See the workflow
web-flow-drawing = Drawing of the workflow
web-flow-rules = Rules
web-case-derived = What follows from the answers
web-flow-kinds = By kind: who begins, and working days
web-flow-owner = First the task of
web-flow-opened-by = May be opened by
web-flow-escalate = Told when it is late
web-flow-escalate-after = Each after
web-flow-need-to-know = Only who has a part in this workflow knows of its cases.
web-flow-protects = While a case is open, the family's aid does not end.
web-flow-accused = Whoever is accused neither sees nor works the case.
web-days = { $n ->
    [one] { $n } working day
   *[other] { $n } working days
}
web-calendar-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
web-months = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
web-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
web-board-see = See the open cases
web-board-all = All of them
web-board-late = { $n } late
web-board-empty = No open case is in this state.
web-choose = Choose
web-bulk-step = One step for many cases
web-bulk-text = Choose cases above, then the step. Each case is checked by itself: those that may not are named with the reason.
web-bulk-which = Step
web-bulk-do = Take it for the chosen
web-bulk-none = Choose at least one case
web-bulk-taken = { $n ->
    [one] { $n } case took the step
   *[other] { $n } cases took the step
}
web-bulk-refused = { $n ->
    [one] { $n } case did not
   *[other] { $n } cases did not
}
web-report-title = Report or ask without an account
web-report-lead = You need not say who you are. You get a ticket and a secret with which to follow the report.
web-report-place = Code of the place where it happened
web-report-no-nik = Do not write anybody's identity or account number here.
web-report-send = Send
web-ticket-title = Your report has arrived
web-ticket-keep = Write down the ticket and the secret now
web-ticket-keep-text = Both are shown only once. With both you can see how the report stands; without them nobody can connect the report with you.
web-ticket-number = Ticket
web-ticket-secret = Secret
web-track-title = See how a report stands
web-track-hint = The four groups of letters and digits that you were given
web-track-look = Look
web-track-you = The next step is yours
web-track-due = At the latest
web-report-place-other = Choose another place
web-report-place-lead = Choose a province, then a district, a subdistrict and a village; you may stop at any level.
web-report-place-this = Use { $place }
web-report-place-within = Within it
web-case-name-family = Name the family
web-case-name-family-text = This case was opened without an account and is not about a certain family yet. Write the family's number in the registry once it is known; from then on the case goes with that family.
web-family-number = Number of the family
web-family-unknown = There is no family with that number in your territory
galat-casework-level = This step is taken at a higher level of region
galat-casework-level-remedy = The page of the case says who has the next step
galat-casework-accused = Whoever is accused does not work the case
galat-casework-accused-remedy = Another role settles it
galat-casework-conflict = Somebody else answered the same questions in the meantime
galat-casework-conflict-remedy = Compare both answers on the page of the case, then send again
galat-casework-ticket = The ticket or the secret does not fit
galat-casework-ticket-remedy = Look at both again as they were written when the report arrived
galat-casework-ticket-locked = Too many wrong secrets
galat-casework-ticket-locked-remedy = This ticket can be looked up only through the social office
web-whose = Whose
web-whose-all = All
web-whose-mine = Given to me
web-whose-free = Given to nobody
web-case-person = Person on the case
web-case-nobody = Nobody in particular; whoever has the role may work it.
web-case-take = I work it
web-case-give-to = Give it to
web-case-give = Give
web-case-leave = Give it up
web-case-with = Worked by { $name }
web-give-me = Myself
web-give-nobody = Nobody in particular
web-give-chosen = Give the chosen cases to
web-give-taken = { $n ->
    [one] { $n } case given
   *[other] { $n } cases given
}
galat-casework-file-empty = There is no file, or it is empty
galat-casework-file-empty-remedy = Choose a file and send again.
galat-casework-file-too-large = The file is too large
galat-casework-file-too-large-remedy = Send a smaller photograph, or scan at a lower quality.
galat-casework-file-kind = The file is no JPEG, PNG, WebP or PDF
galat-casework-file-kind-remedy = Save it as one of these and send again.
galat-casework-file-contradicts = The name or type of the file says something else than its content
galat-casework-file-contradicts-remedy = Save the file again as what it is.
galat-casework-file-name = The name of the file is that of a program, or can mislead
galat-casework-file-name-remedy = Rename the file, for instance to photo.jpg.
galat-casework-file-broken = The picture or paper is broken
galat-casework-file-broken-remedy = Photograph or scan it again.
galat-casework-file-pixels = The picture has too many dots
galat-casework-file-pixels-remedy = Send a smaller photograph.
galat-casework-file-animated = Moving pictures are not taken
galat-casework-file-animated-remedy = Send one that stands still.
galat-casework-file-active = The PDF runs something or carries other files
galat-casework-file-active-remedy = Print it into a new PDF, or send a photograph of it.
galat-casework-file-hidden = The PDF is locked, or parts of it cannot be looked into
galat-casework-file-hidden-remedy = Print it into a new PDF without a password.
galat-casework-file-pages = The PDF has too many pages or too much in it
galat-casework-file-pages-remedy = Split it into several files.
galat-casework-file-caption = Say in a few words what the file shows
galat-casework-file-caption-remedy = Fill in the words and send again.
galat-casework-file-full = The case can hold no more files
galat-casework-file-full-remedy = Withdrawing makes no room; keep the rest at the office under the number of the case.
galat-casework-file-why = Say why the file is withdrawn
galat-casework-file-why-remedy = Fill in the reason and send again.
galat-casework-file-withdrawn = The file was withdrawn already
galat-casework-file-withdrawn-remedy = See the reason on the page of the case.
galat-casework-file-lake = The file cannot be kept or read
galat-casework-file-lake-remedy = Try again; if it fails again, quote the number of the request to the administrator.
casework-field-file = Choose a file of this case
web-case-files = Files
web-case-files-none = No photographs or papers yet.
web-file-add = Add a photograph or paper
web-file-add-text = JPEG, PNG, WebP or PDF. Place and time in a photograph are kept with the case where there are any, and taken out of the photograph.
web-file-caption = What it shows
web-file-caption-hint = A few words, also for those who cannot see the picture
web-file-camera = Take a photograph now
web-file-choose = Choose a file
web-file-send = Send the file
web-file-there = Files that the case has
web-file-none-of-them = None of them
web-file-new = New file
web-file-taken = Taken { $at } by the camera's clock
web-file-place = Place: { $place }
web-file-withdrawn = Withdrawn
web-file-withdraw = Withdraw file { $n }
web-file-withdraw-do = Withdraw the file
web-file-why = Reason
web-file-sha = SHA-256 of the file as it was sent; equal to that of the sender's copy if nothing was changed:
web-ticket-files = Your photographs and papers
web-ticket-file-see = See { $what }
web-ticket-files-left = { $n ->
    [one] You can send one more file.
   *[other] You can send { $n } more files.
}
web-ticket-files-text = JPEG, PNG or PDF; place and time in a photograph are not kept.
web-field-found = Found in the field
web-field-result = Result
web-field-day = Day of the check
web-field-source = Source
web-field-case = Case number
web-field-see-case = See the case
web-field-text = This mark ends no aid. The next list decides, with notice and a way to object.
web-month-counts = Counts for
web-month-rolled = Past the cut-off of { $month }
web-my-day = My day
web-my-day-lead = What is late, what is due today, and the rest until { $day }. It can be printed and taken along.
web-my-day-more = There is more
web-my-day-more-text = This page holds at most the 200 nearest tasks; the others stand in the list of tasks.
web-calendar = Calendar
web-calendar-lead = Steps by the day on which they are due: your role's own that were given to nobody, and those given to you.
web-calendar-of = Steps by day, { $month }
web-calendar-weeks = Week
web-calendar-week = Week of { $day }
web-calendar-this-month = This month
web-calendar-steps = { $n ->
    [one] { $n } step
   *[other] { $n } steps
}
web-calendar-given = { $n ->
   *[other] { $n } given to you
}
web-calendar-mine = given to you
web-calendar-session = Session
web-calendar-meeting = Meeting
web-calendar-cut-off = Last day for changes of this month
web-calendar-pull = The data are pulled
web-calendar-none = No step is due.
web-calendar-all = All of the day: { $steps }
web-calendar-file = Take it to another calendar
web-calendar-file-text = An .ics file of the next 60 days: number, kind and place of cases, without names of families. Secret cases are left out. Each download is written down.
web-calendar-file-get = Download the calendar (.ics)
web-case-listed-none = None is open.
web-case-opened = opened on { $day }
web-case-age = { $n ->
    [one] { $n } day old
   *[other] { $n } days old
}
web-this-week = Until the end of the week
web-way = Order of the way
web-way-text = The families to be visited, as their workflows say. Those whose place is known from a photograph of their case come by distance through the air, from the first address on: to the nearest next, then made shorter. The others follow by village, RW, RT and address.
web-way-none = None of these tasks is a visit to a home.
web-way-address = Address
web-way-why = What for
web-way-notes = Notes
web-way-leg = Distance
web-way-first = Begin here
web-way-metres = { $n } m from the one before
web-way-by-address = By address
web-way-whole = { $families } families in the order of distance; { $metres } m through the air in all.
web-case-offered-none = There is no open case to choose in this territory.
web-case-offered-choose = Choose
web-case-compared = Two checks
web-case-compared-text = Two different people went; the second did not know the first answers.
web-case-first = First
web-case-second = Second
web-case-held = Outcome
web-case-differs = Different
web-case-same = The same
web-case-not-compared = Not compared
web-agree = Agreement of checks
web-agree-lead = How often two checks of one family say the same, over the last twelve months.
web-agree-none = No second check yet
web-agree-none-text = Checks are compared when the second is filed.
web-agree-checks = Checks
web-agree-agreed = The same
web-agree-share = Share that is the same
web-agree-kappa = Cohen's kappa
web-agree-few = Too few
web-agree-by-place = By place
web-agree-by-person = By person
web-agree-more = Only the first 500 rows are shown.
web-agree-how = How it is counted
web-agree-how-text = A check counts for both who went: a different answer is not yet a wrong one. Cohen's kappa = (po − pe) / (1 − pe); po is the share that is the same, pe the share that would be the same by chance, given the answers. 1 is always the same, 0 what chance gives.
web-agree-hidden = Fewer than { $few } checks are not told, nor what would give them away; kappa is told from { $from } checks on.
casework-field-case = Choose one of the open cases of the list
