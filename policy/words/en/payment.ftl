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

# Cards (KKS): states, holders, moves, fields.
payment-card-state-printed = Printed, at the bank
payment-card-state-at_district = At the district office
payment-card-state-with_companion = With a companion
payment-card-state-handed_over = Handed over, not active
payment-card-state-active = Active
payment-card-state-blocked = Blocked
payment-card-state-damaged = Damaged
payment-card-state-lost = Lost
payment-card-state-held_by_other = Held by somebody else
payment-card-state-replaced = Replaced
payment-card-state-destroyed = Destroyed

payment-card-holder-bank = Bank
payment-card-holder-district = District office
payment-card-holder-companion = Companion
payment-card-holder-family = Family
payment-card-holder-other = Somebody else
payment-card-holder-nobody = Nobody

payment-card-stage-waiting = Not handed over
payment-card-stage-idle = Handed over, not active
payment-card-stage-trouble = In trouble
payment-card-stage-active = Active
payment-card-stage-ended = Replaced or destroyed

payment-card-step-print = Printed by the bank
payment-card-step-receive = Received by the district office
payment-card-step-entrust = Given to a companion
payment-card-step-hand_over = Handed over to the family
payment-card-step-activate = Active
payment-card-step-block = Blocked
payment-card-step-damage = Damaged
payment-card-step-lose = Lost
payment-card-step-held_by_other = Held by somebody else
payment-card-step-take_back = Taken back by the district office
payment-card-step-replace = Replaced by a new card
payment-card-step-destroy = Destroyed

payment-card-field-whom = Name of the person
payment-card-field-role = Relation or position
payment-card-field-place = Place
payment-card-field-proof_kind = Kind of proof
payment-card-field-proof = Number or name of the proof
payment-card-field-document = Number of the letter
payment-card-field-note = Note
payment-card-field-new_token = The bank's token of the new card
payment-card-field-new_last4 = Last four digits of the new card

payment-card-ask-entrust-whom = Name of the companion
payment-card-ask-hand_over-whom = Name of who received the card
payment-card-ask-hand_over-role = Relation to the head of the family
payment-card-ask-held_by_other-whom = Who holds the card
payment-card-ask-held_by_other-role = Position of the holder
payment-card-ask-take_back-whom = From whom it was taken back
payment-card-ask-receive-document = Number of the delivery list
payment-card-ask-entrust-document = Number of the minutes
payment-card-ask-lose-document = Number of the police letter
payment-card-ask-destroy-document = Number of the minutes

payment-card-word-self = The head of the family
payment-card-word-spouse = Husband or wife
payment-card-word-child = Child
payment-card-word-parent = Parent
payment-card-word-other_family = Another member of the family
payment-card-word-agent = Agent or shop
payment-card-word-group_head = Head of the group
payment-card-word-companion = Companion
payment-card-word-official = Village official
payment-card-word-other = Somebody else
payment-card-word-signature = Signature
payment-card-word-photo = Photo

payment-problem-unknown_card = Unknown card
    .next = Compare token and last four digits with the bank's list.
payment-problem-card_conflict = Card or family is known already
    .next = Ask the bank which card is valid.
payment-problem-card_move = The move does not fit the card's way
    .next = Look at the card's chain and record the step that is missing.
payment-problem-card_number = The row has a PIN or a card number
    .next = Ask for a file without numbers; the digits were not kept.

payment-reason-opened_elsewhere = The account was opened for another programme
payment-reason-sent_for_opening = Proposed for collective opening (burekol)

galat-payment-card-digits = There are six digits in a row or more.
galat-payment-card-digits-remedy = Never write a PIN, card, identity or phone number; of a card the last four digits are enough.
galat-payment-card-field = This field is empty, too long or not valid.
galat-payment-card-field-remedy = Complete the field and send again.
galat-payment-card-day = This day lies in the future or before the last step.
galat-payment-card-day-remedy = Enter the day on which it happened.
galat-payment-changed = Somebody has just changed this card.
galat-payment-changed-remedy = Load the page again, look at the card's chain and decide again.
