"""The pages on which people come in: password, second step, single sign-on."""
