apps = {
  cms                 = {}
  crowdsec            = {}
  dance-lessons-coach = {}
  plausible           = {}
  webapp              = {}

  erp = {
    envs             = ["prod", "sandbox"]
    connection_limit = 20
  }
}
