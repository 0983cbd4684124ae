"""The nouns, money, time and errors: the words that every other part of Hedgerow uses."""
