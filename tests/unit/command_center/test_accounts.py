"""Passwords of users whom nobody knows."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from command_center.accounts import hash_of_nothing


def test_a_password_is_compared_with_nothing_at_the_cost_of_a_real_hash() -> None:
    hasher = PasswordHasher()
    nothing = hash_of_nothing(hasher)
    assert extract_parameters(nothing) == extract_parameters(hasher.hash(""))
    assert nothing != hash_of_nothing(hasher)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(nothing, "")
