"""The messaging service. Data flows one way: api -> message service -> chain -> stores (DESIGN.md section 3)."""
