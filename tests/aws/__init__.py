# SPDX-License-Identifier: BSD-2-Clause
"""Doubles of AWS for tests; README says how to use them."""
