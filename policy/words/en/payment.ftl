# Payment: states, troubles, next steps, errors. The keys are the codes of the program.

payment-eligibility-eligible = Entitled
payment-eligibility-held = Held
payment-eligibility-cancelled = Cancelled

payment-account-unchecked = Not checked yet
payment-account-asked = The bank is checking
payment-account-good = Account passed
payment-account-doubtful = To be compared
payment-account-failed = Account failed
payment-account-not_needed = Cash, no account

payment-state-set = On the list
payment-state-ordered = Disbursed (SP2D)
payment-state-instructed = Bank instructed (SI)
payment-state-topped_up = Money on the card
payment-state-withdrawn = Withdrawn
payment-state-returned = Back from the card
payment-state-sent_back = Back before it reached the card
payment-state-failed = Top-up failed

payment-step-set = On the list
payment-step-checked = Account passed
payment-step-ordered = Ordered (SP2D)
payment-step-topped_up = On the card
payment-step-withdrawn = Withdrawn

payment-problem-unknown_ref = Unknown line
    .next = Ask the bank; accept nothing without a ground.
payment-problem-bad_row = Row cannot be read
    .next = Ask the bank to send this row again.
payment-problem-unknown_word = Unknown result word
    .next = Add the word to the channel's file if it is valid.
payment-problem-wrong_batch = Another batch number
    .next = Compare with the batch that was sent.
payment-problem-wrong_account = Another account number
    .next = Ask the bank which account the money went to.
payment-problem-wrong_amount = Another amount
    .next = Ask the bank for a correction; the money stays pending in the books.
payment-problem-duplicate = Double row
    .next = Nothing to do; it counted once.
payment-problem-txn_conflict = Transaction number used twice
    .next = Ask the bank for the right transaction number.
payment-problem-not_expected = Answer not expected
    .next = Look at the line's state and at earlier files.
payment-problem-not_topped_up = Transaction without a reported top-up
    .next = Ask the bank for the top-up report of this line.
payment-problem-over_withdrawn = More taken than is on the card
    .next = Ask the bank for the transactions in detail.
payment-problem-top_up_failed = Top-up failed
    .next = Ask the bank to return the money or to repeat the top-up.
payment-problem-name_differs = Account bears another name
    .next = Mend the name at the bank or at Dukcapil.
payment-problem-name_doubtful = Names are alike, to be compared
    .next = Compare both names and decide.
payment-problem-account_shared = One account for two recipients
    .next = Find out whose account it is and decide.
payment-problem-account_missing = The bank passes without an account number
    .next = Ask the bank for the account number.
payment-problem-account_refused = Account refused by the bank
    .next = Mend the account and check again, or pay through the post office.
payment-problem-no_payee = Head of the family not alive or not matched
    .next = Mend the family's data; the payment waits.
payment-problem-held = Held
    .next = Decide: go on or cancel.

payment-next-none = Done
payment-next-check_account = Check the account
payment-next-repair_payee = Mend the data of the head of the family
payment-next-wait_for_bank = Wait for the bank
payment-next-order = Ready to be ordered
payment-next-compare_names = Compare the names
payment-next-repair_account = Mend the account
payment-next-send_instruction = Send the instruction to the bank
payment-next-follow_withdrawal = Follow until it is withdrawn
payment-next-ask_return = Ask for the money back or a repetition
payment-next-find_cause = Find the cause and contact the family
payment-next-decide = Decide

payment-reason-approved = On the approved list
payment-reason-kept_for_now = Keeps its aid for now, the notice is running
payment-reason-sent_for_check = Sent to the bank for a check
payment-reason-rerouted = Sent through the other channel

payment-account-kind-treasury = Treasury
payment-account-kind-pending = With the bank, pending
payment-account-kind-on_card = On cards
payment-account-kind-withdrawn = Withdrawn
payment-account-kind-returned_unpaid = Back before it reached the card
payment-account-kind-returned_from_card = Back from the card

payment-order-proposed = Proposed
payment-order-approved = Approved
payment-order-sent = Sent
payment-order-cancelled = Cancelled

galat-payment-list-changed = This is not the list that was approved.
galat-payment-list-changed-remedy = Open the latest list, check it, then approve.
galat-payment-same-person = Who prepared it may not approve it.
galat-payment-same-person-remedy = Ask another person with that right.
galat-payment-role = Your role may not approve such an amount.
galat-payment-role-remedy = Ask the official named on the order's page.
galat-payment-at-work = Another payment step is running.
galat-payment-at-work-remedy = Wait for its end, then try again.
galat-payment-columns = This file is not the expected reply: columns are missing.
galat-payment-columns-remedy = Check file and channel; no row was taken.
galat-payment-nothing-to-order = No line is ready to be paid.
galat-payment-nothing-to-order-remedy = Check the accounts first, or solve the troubles.
galat-payment-documents = The numbers of SPM and SP2D are missing.
galat-payment-documents-remedy = Fill in both and approve again.
galat-payment-state = This step does not fit the present state.
galat-payment-state-remedy = Reload the page and see the next step.
galat-payment-not-found = Not found in your territory.
galat-payment-not-found-remedy = Check the number, or ask the other territory.
payment-no-money = This programme pays no money by list: goods, services and lists of candidates have no payment lines.
