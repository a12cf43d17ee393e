terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  owner = "arcodange/platform"
  postgres {}
  vault {}
}

data "appenv_fleet" "all" {}

check "fleet" {
  assert {
    condition = data.appenv_fleet.all.ok
    error_message = join("\n", [
      for found in data.appenv_fleet.all.findings : "${found.target}: ${found.detail} ${found.fix}"
      if found.status == "fail"
    ])
  }
}

output "releases" {
  value = {
    for one in data.appenv_fleet.all.instances : "${one.app}/${one.env}" => one.release
    if one.status != "gone"
  }
}
