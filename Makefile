# Thin on purpose: what a command does is in cxedu/__main__.py, so that it also runs where there is no make.
PYTHON ?= python3

.PHONY: help course test book serve lab grade similar datasets bench clean
help course test book serve lab datasets bench clean:
	@$(PYTHON) -m cxedu $@

# make grade PS=ps06
grade:
	@$(PYTHON) -m cxedu grade $(PS)

# make similar PS=ps06
similar:
	@$(PYTHON) -m cxedu similar $(PS)
