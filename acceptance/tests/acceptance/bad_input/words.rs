// SPDX-License-Identifier: MPL-2.0
//! Mistakes that need no server to be seen.

use acceptance::{Cli, Workspace};

use super::book::Book;
use super::{Case, refuse};

#[test]
fn mistakes_of_form_are_refused_before_anything_is_configured() {
    let cases = [
        Case::resource("app_capital", "app = \"Erp\"\nenv = \"dev\"", &["Erp", "capital letter"])
            .at("app = \"Erp\""),
        Case::resource("app_long", &format!("app = \"{}\"", "a".repeat(41)), &["1 too many"]),
        Case::resource(
            "app_homoglyph",
            "app = \"\u{435}rp\"",
            &["\\u{435}rp", "Character 1", "nothing is converted"],
        ),
        Case::resource("app_ops", "app = \"erp-ops\"", &["ops policy"]).at("app = \"erp-ops\""),
        Case::resource("env_underscore", "app = \"erp\"\nenv = \"sand_box\"", &["Character 5"])
            .at("env = \"sand_box\""),
        Case::resource("env_reserved", "app = \"erp\"\nenv = \"secrets\"", &["is reserved"])
            .at("env = \"secrets\""),
        Case::resource("service_dot", "app = \"erp\"\nservices = [\"web.1\"]", &["web.1"])
            .at("services = [\"web.1\"]"),
        Case::resource(
            "connection_limit",
            "app = \"erp\"\ndatabase {\n  connection_limit = -2\n}",
            &["database.connection_limit", "-1 (no limit)"],
        )
        .at("connection_limit = -2"),
        Case::resource(
            "extension",
            "app = \"erp\"\ndatabase {\n  extensions = [\"PostGIS\"]\n}",
            &["PostGIS", "lower-case"],
        )
        .at("extensions = [\"PostGIS\"]"),
        Case::resource(
            "ttl",
            "app = \"erp\"\nvault {\n  default_ttl = \"1 hour\"\n}",
            &["1 hour", "`1h30m`"],
        )
        .at("default_ttl = \"1 hour\""),
        Case::resource(
            "ttl_order",
            "app = \"erp\"\nvault {\n  default_ttl = \"2d\"\n  max_ttl = \"1d\"\n}",
            &["`max_ttl`"],
        )
        .at("default_ttl = \"2d\""),
        Case::resource(
            "ops_scope",
            "app = \"erp\"\nvault {\n  ops_scope = \"all\"\n}",
            &["\"all\"", "`instances`, `family` or `own`"],
        )
        .at("ops_scope = \"all\""),
        Case::resource("on_destroy", "app = \"erp\"\non_destroy = \"keep\"", &["`retain`"])
            .at("on_destroy = \"keep\""),
        Case::resource("release", "app = \"erp\"\nrelease = \"\"", &["1 to 256"])
            .at("release = \"\""),
        Case::resource(
            "service_account",
            "app = \"erp\"\nkubernetes {\n  service_accounts = [\"*\"]\n}",
            &["no wildcard"],
        )
        .at("service_accounts = [\"*\"]"),
        Case::resource(
            "timeout",
            "app = \"erp\"\ntimeouts {\n  create = \"soon\"\n}",
            &["\"soon\""],
        )
        .at("create = \"soon\""),
        Case::provider(
            "convention",
            "convention = \"elided-v2\"",
            &["elided-v2", "Known here", "elided-v1"],
        )
        .at("convention = \"elided-v2\""),
        Case::provider(
            "naming_gate",
            "gates {\n  naming = \"strict\"\n}",
            &["enforce", "warn", "off"],
        )
        .at("naming = \"strict\""),
        Case::provider(
            "state_gate",
            "gates {\n  state = \"none\"\n}",
            &["enforce", "strict", "warn", "off"],
        )
        .at("state = \"none\""),
        Case::provider(
            "state_prefix_of_services",
            "state {\n  prefix = \"{app}/{service}\"\n}",
            &["not services"],
        )
        .at("prefix = \"{app}/{service}\""),
        Case::provider(
            "template_filter",
            "names {\n  database = \"{app.upper}_{env}\"\n}",
            &["\"upper\" is no filter", "snake"],
        )
        .at("database = \"{app.upper}_{env}\""),
        Case::provider(
            "template_without_app",
            "names {\n  database = \"db-{env}\"\n}",
            &["does not hold the app", "{app}"],
        )
        .at("database = \"db-{env}\""),
        Case::provider(
            "template_without_env",
            "names {\n  database = \"{app}\"\n}",
            &["does not hold the env", "{env}"],
        )
        .at("database = \"{app}\""),
        Case::resource(
            "kept_name",
            "app = \"erp\"\nnames {\n  database = \"template1\"\n}",
            &["never allowed", "template"],
        )
        .at("database = \"template1\""),
        Case::resource(
            "long_name",
            &format!("app = \"erp\"\nnames {{\n  owner_role = \"{}\"\n}}", "r".repeat(64)),
            &["64 bytes", "allows 63"],
        ),
        Case::resource(
            "name_of_services",
            "app = \"erp\"\nnames {\n  services = \"erp-api\"\n}",
            &["one for each service", "provider"],
        )
        .at("services = \"erp-api\""),
        Case::resource("adopt", "app = \"erp\"\nadopt = \"always\"", &["`refuse` or `verify`"])
            .at("adopt = \"always\""),
        Case::resource("rename", "app = \"erp\"\nrename = \"move\"", &["`in_place` or `copy`"])
            .at("rename = \"move\""),
        Case::resource("keep_old", "app = \"erp\"\nkeep_old = \"a week\"", &["a duration such as"])
            .at("keep_old = \"a week\""),
        Case::provider("owner_form", "owner = \"team erp\"", &["team erp", "one word"])
            .at("owner = \"team erp\""),
        Case::provider(
            "env_twice",
            "environment {\n  name = \"sandbox\"\n}\nenvironment {\n  name = \"sandbox\"\n}",
            &["declared twice"],
        )
        .at("name = \"sandbox\""),
        Case::provider(
            "log_retention",
            "environment {\n  name = \"dev\"\n  log_retention_days = 31\n}",
            &["`log_retention_days` cannot be 31", "\"dev\"", "CloudWatch", "Next: write 30 or 60"],
        )
        .at("log_retention_days = 31"),
        Case::provider(
            "log_retention_half",
            "environment {\n  name = \"dev\"\n  log_retention_days = 7.5\n}",
            &["`log_retention_days` cannot be 7.5", "Next: write 7 or 14"],
        )
        .at("log_retention_days = 7.5"),
        Case::provider(
            "env_in_env",
            "environment {\n  name = \"eu-sandbox\"\n}\nenvironment {\n  name = \"sandbox\"\n}",
            &["would have the same names"],
        ),
        Case::provider(
            "two_productions",
            "environment {\n  name = \"eu\"\n  production = true\n}\nenvironment {\n  name = \"us\"\n  production = \
             true\n}",
            &["2 production envs", "Set elided"],
        ),
    ];
    let mut book = Book::section("form");
    let ws = Workspace::new(Cli::any()).without_trace();
    refuse(&ws, "", &cases, &mut book);
    book.close();
}

#[test]
fn mistakes_of_a_coordinate_are_refused_at_plan() {
    let cases = [
        Case::resource("undeclared", "app = \"erp\"\nenv = \"qa\"", &["not declared", "sandbox", "environment"])
            .at("env = \"qa\""),
        Case::resource(
            "ambiguous",
            "app = \"erp-sandbox\"\nenv = \"prod\"",
            &["erp-sandbox/prod", "erp/sandbox", "write app"],
        )
        .at("app = \"erp-sandbox\""),
        Case::resource(
            "service_is_env",
            "app = \"erp\"\nenv = \"dev\"\nservices = [\"sandbox\"]",
            &["declared env \"sandbox\""],
        )
        .at("services = [\"sandbox\"]"),
        Case::resource(
            "too_long",
            &format!("app = \"{}\"\nenv = \"production-in-europe\"", "a".repeat(40)),
            &["owner_role", "66 bytes", "allows 63"],
        ),
        Case::resource(
            "unknown",
            "app = terraform_data.later.output\nenv = \"dev\"",
            &["`app` is not known yet", "-target"],
        )
        .at("app = terraform_data.later.output"),
        Case::provider(
            "no_default",
            "environment {\n  name = \"dev\"\n}",
            &["`env` is left out", "\"dev\""],
        ),
        Case::provider(
            "closed_env",
            "environment {\n  name = \"sandbox\"\n  apps = [\"crm\"]\n}",
            &["not open to app", "crm"],
        ),
        Case::provider("owner", "postgres {\n  host = \"db\"\n  user = \"u\"\n}", &["owner", "team or repository"]),
        Case::provider(
            "owner_unknown",
            "owner = terraform_data.later.output",
            &["`owner` is not known yet", "literal"],
        ),
        Case::provider(
            "log_retention_unknown",
            "environment {\n  name = \"sandbox\"\n  log_retention_days = length(terraform_data.later.id)\n}",
            &["`environment[0].log_retention_days` is not known yet", "literal"],
        ),
        Case::provider(
            "nothing_given",
            "owner = \"arcodange/erp\"\npostgres {}\nvault {}",
            &["PGHOST", "PGUSER", "VAULT_ADDR", "VAULT_TOKEN"],
        ),
        Case::provider(
            "sslmode",
            "owner = \"arcodange/erp\"\npostgres {\n  host = \"db\"\n  user = \"u\"\n  sslmode = \"prefer\"\n}",
            &["unencrypted"],
        )
        .at("sslmode = \"prefer\""),
        Case::provider(
            "ci_claims",
            "owner = \"arcodange/erp\"\nvault {\n  address = \"https://bao:8200\"\n  token = \"t\"\n  ci {\n    mount = \
             \"jwt\"\n    bound_claims = {\n      repository = \"erp\"\n    }\n  }\n}",
            &["any repository"],
        ),
        Case::provider(
            "own_database",
            "owner = \"arcodange/erp\"\npostgres {\n  host = \"db\"\n  user = \"u\"\n  database = \"registry\"\n}",
            &["database \"registry\" is the maintenance database", "Nothing was changed"],
        )
        .named("database = \"registry\""),
        Case::provider(
            "own_login",
            "owner = \"arcodange/erp\"\npostgres {\n  host = \"db\"\n  user = \"prov\"\n}",
            &["owner_role \"prov\" is the provider's own login", "Nothing was changed"],
        )
        .named("owner_role = \"prov\""),
        Case::provider(
            "vault_login",
            "owner = \"arcodange/erp\"\npostgres {\n  host = \"db\"\n  user = \"u\"\n}\nvault {\n  address = \
             \"https://bao:8200\"\n  token = \"t\"\n  database_login = \"vault\"\n}",
            &["owner_role \"vault\" is the login of Vault's database connection"],
        )
        .named("owner_role = \"vault\""),
        Case::resource(
            "path_of_another",
            "app = \"till\"\nenv = \"sandbox\"\nnames {\n  kv_path = \"erp-sandbox/config\"\n}",
            &["kv_path \"erp-sandbox/config\" is that of erp/sandbox", "Nothing was changed"],
        )
        .at("kv_path = \"erp-sandbox/config\""),
        Case::resource(
            "one_name_twice",
            "app = \"kiosk\"\nenv = \"sandbox\"\nnames {\n  runtime_policy = \"kiosk-ops\"\n}",
            &["ops_policy \"kiosk-ops\" is the runtime_policy of kiosk/sandbox too"],
        )
        .at("runtime_policy = \"kiosk-ops\""),
        Case::provider(
            "url_and_host",
            "owner = \"arcodange/erp\"\npostgres {\n  url  = \"postgres://u@db/postgres\"\n  host = \"db\"\n}",
            &["`host`", "Keep `url` alone"],
        ),
    ];
    let default = "\
        environment {\n  name = \"prod\"\n  production = true\n}\n\
        environment {\n  name = \"sandbox\"\n}\n\
        environment {\n  name = \"production-in-europe\"\n}\n\
        environment {\n  name = \"dev\"\n}\n";
    let mut cases = cases;
    // Sound but for the one mistake: an env that is left out.
    for case in &mut cases {
        if case.name == "no_default" {
            case.resource = "app = \"no-default\"".to_owned();
        }
    }
    let mut book = Book::section("coordinate");
    let ws = Workspace::new(Cli::any()).without_trace();
    ws.write("later.tf", "resource \"terraform_data\" \"later\" {\n  input = \"erp\"\n}\n");
    ws.write("main.tf", &super::hcl(default, &cases));
    // A plan, since an apply would make what the unknown value comes from.
    let told = ws.plan_fails();
    super::judge(&cases, &told, &mut book);
    book.close();
}
