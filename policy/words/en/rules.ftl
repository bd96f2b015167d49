# Faults in rule expressions. The keys are RuleError::code().
rules-empty = The expression is empty. Write a condition such as family.decile between 1 and 4.
rules-too-long = The expression is too long. Split it into several conditions.
rules-too-deep = The expression is nested too deep. Split it into several conditions.
rules-syntax = The expression cannot be read. Check brackets, quotes and commas near this place.
rules-refused = This is not part of the rule language. Use columns, values, parameters, arithmetic, comparisons, and, or, not, in, between, is null, case and the listed functions.
rules-unknown-name = No column or parameter has this name. Look it up in the list of columns.
rules-unknown-function = No function has this name. Look it up in the list of functions.
rules-arguments = The function is not used rightly. Check the number and kind of its arguments.
rules-mismatch = The kinds of value do not fit. Compare values of one kind; a date is written date '2026-01-31'.
rules-number-range = The number is out of range.
rules-bad-date = No such day. Write an existing day as date '2026-01-31'.
rules-null-literal = The value null is never true and never false. Use is null or is not null.
rules-unknown-code = The code is not in the code list of this column.
rules-division-by-zero = A division by zero is never known. Divide by another number.
