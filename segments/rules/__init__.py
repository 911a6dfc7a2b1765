"""The language of segment rules: a tree of conditions as data, compiled to one set operation, told in one sentence.

A rule is JSON: {"all": [rules]}, {"any": [rules]}, {"not": rule} or a condition {"field", "op", "value"}. `parse` makes
a typed tree of it or says what is wrong; `compile` turns the tree into a Q of Customer; `words` reads it out. Names in
a rule only ever choose among our own fields: nothing of it becomes part of a statement but its values, as parameters.
"""
