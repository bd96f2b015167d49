# The rule of a programme in plain lines.
policy-line-off = Off: shown, never decided
policy-line-selection = { $what ->
    [candidates] Whoever passes may be proposed; people decide each case
   *[list] Whoever passes receives once the list is approved
}
policy-line-needs = Needs: { $what }
policy-line-not = Not if: { $what }
policy-line-component = { $what }: { $year } a year, { $stage } a stage
policy-line-most = { $what }, at most { $most } people
policy-line-component-off = Off: { $what }
policy-line-every = { $every ->
    [day] { $what } a day
    [once] { $what } once
   *[month] { $what } a month
}
policy-line-service = Service: { $what }
policy-line-group = Groups of { $least } to { $most } families
policy-line-step = Stage: { $what }
policy-line-order = { $what } ({ $how ->
    [descending] highest first
   *[ascending] lowest first
})
policy-line-quota = Places by { $by ->
    [nation] country
    [province] province
    [district] district
    [subdistrict] subdistrict
   *[village] village
}: { $table ->
    [0] { $share } of a thousand families
   *[other] { $table } regions by the table, others { $share } of a thousand families
}; order: { $order }
policy-line-channel = Channel: { $what }
policy-line-budget = Budget: { $what }
policy-line-duty = Duty, { $of }: { $duty }
policy-line-duty-checked = Duty, { $of }: { $duty } (checked by: { $check })
policy-line-ceiling = At most { $most } places in the whole country
policy-line-schedule = Schedule: { $what }
policy-line-proof = Proof: { $what }
policy-line-ends = Ends when: { $what }
policy-schedule = { $kind ->
    [month] decided each month
    [stage] decided each stage of three months
    [year] decided each year
   *[once] given once
}
policy-schedule-months = { $what }; paid in { $months }
policy-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
