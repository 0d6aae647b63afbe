use std::path::Path;
use std::time::Duration;

use seawall_engine::SecretSource as _;
use seawall_server::{Config, Docs, Environment, LogFormat, Origins};
use seawall_store::TenantId;

use crate::support::{config, map};

fn errors(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let errors = Config::from_map(&map(variables)).unwrap_err().0;
    errors
        .into_iter()
        .map(|error| (error.variable, error.message))
        .collect()
}

#[test]
fn nothing_set_is_a_development_machine() {
    let config = config(&[]);
    assert_eq!(config.environment, Environment::Dev);
    assert_eq!(config.listen_address().to_string(), "127.0.0.1:8000");
    assert!(config.data_dir.ends_with("data") && config.data_dir.is_absolute());
    assert_eq!(config.db_path, config.data_dir.join("seawall.db"));
    assert_eq!(config.limits.body_max_bytes, 1_048_576);
    assert_eq!(config.limits.timeout, Duration::from_secs(30));
    assert_eq!(config.run_retention, Some(Duration::from_secs(30 * 24 * 3600)));
    assert_eq!(config.workspace_allowed_roots, [std::env::current_dir().unwrap()]);
    assert!(config.command_steps && config.http_step_allow_private);
    assert_eq!((config.docs, config.log_format), (Docs::Public, LogFormat::Text));
    assert!(config.warnings.is_empty());
}

#[test]
fn outside_development_nothing_is_open_by_default() {
    for name in ["staging", "production", "prod"] {
        let config = config(&[("ENVIRONMENT", name)]);
        assert!(!config.environment.is_dev());
        assert!(!config.command_steps && !config.http_step_allow_private);
        assert!(config.workspace_allowed_roots.is_empty());
        assert_eq!((config.docs, config.log_format), (Docs::Auth, LogFormat::Json));
    }
}

#[test]
fn what_is_set_is_obeyed() {
    let config = config(&[
        ("HOST", "::1"),
        ("PORT", " 0 "),
        ("DATA_DIR", "/var/lib/seawall"),
        ("REQUEST_BODY_MAX_BYTES", "1000"),
        ("REQUEST_TIMEOUT", "1500ms"),
        ("WORKSPACE_ALLOWED_ROOTS", "/a, /b"),
        ("COMMAND_STEPS", "false"),
        ("HTTP_STEP_ALLOW_PRIVATE", ""),
        ("DOCS", "off"),
        ("LOG_FORMAT", "json"),
        ("LOG_LEVEL", "info,seawall_engine=debug"),
        ("METRICS_PORT", "9090"),
        ("ENABLE_PROFILING", "true"),
        ("ENABLE_TEST_ENDPOINTS", "1"),
        ("PATH", "/opt/bin:/bin"),
    ]);
    assert_eq!(config.metrics_port, Some(9090));
    assert!(config.profiling && config.test_endpoints);
    assert_eq!(config.listen_address().to_string(), "[::1]:0");
    assert_eq!(config.db_path, Path::new("/var/lib/seawall/seawall.db"));
    assert_eq!(config.limits.body_max_bytes, 1000);
    assert_eq!(config.limits.timeout, Duration::from_millis(1500));
    assert_eq!(config.workspace_allowed_roots, [Path::new("/a"), Path::new("/b")]);
    assert!(!config.command_steps);
    assert!(config.http_step_allow_private, "an empty value counts as not set");
    assert_eq!((config.docs, config.log_format), (Docs::Off, LogFormat::Json));
    assert_eq!(config.log_level, "info,seawall_engine=debug");
    assert_eq!(
        config.command_environment,
        [("PATH".to_owned(), "/opt/bin:/bin".to_owned())]
    );
}

#[test]
fn runs_are_kept_as_long_as_somebody_says() {
    let kept = |text| config(&[("RUN_RETENTION", text)]).run_retention;
    assert_eq!(kept("0"), None);
    assert_eq!(kept("1s"), Some(Duration::from_secs(1)));
    assert_eq!(kept("1d12h"), Some(Duration::from_secs(36 * 3600)));
}

#[test]
fn each_bad_value_is_refused_by_its_variable() {
    for (name, value) in [
        ("ENVIRONMENT", "test"),
        ("HOST", "0.0.0.0"),
        ("HOST", "192.168.1.1"),
        ("HOST", "::"),
        ("HOST", "example.com"),
        ("ALLOWED_HOSTS", "https://example.com"),
        ("ALLOWED_HOSTS", "api.*.com"),
        ("CORS_ORIGINS", "example.com"),
        ("CORS_ORIGINS", "https://example.com/"),
        ("CORS_ORIGINS", "https://example.com,null"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy.internal"),
        ("PORT", "70000"),
        ("REQUEST_BODY_MAX_BYTES", "1MB"),
        ("REQUEST_BODY_MAX_BYTES", "0"),
        ("REQUEST_TIMEOUT", "30"),
        ("REQUEST_TIMEOUT", "0s"),
        ("REQUEST_TIMEOUT", "2h"),
        ("REQUEST_TIMEOUT", "99999999999999999999s"),
        ("RUN_RETENTION", "30"),
        ("RUN_RETENTION", "never"),
        ("RUN_RETENTION", "500ms"),
        ("RUN_RETENTION", "4000d"),
        ("COMMAND_STEPS", "yes"),
        ("DOCS", "private"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "info,hyper=wran"),
        ("METRICS_PORT", "metrics"),
        ("ENABLE_PROFILING", "on"),
        ("DATABASE_URL", "postgres://localhost/x"),
        ("REDIS_URL", "redis://localhost"),
        ("ADMIN_API_KEY", "short"),
        ("ADMIN_API_KEY", "a key with blanks in it"),
        ("SEAWALL_API_KEY", "a key with blanks in it"),
        ("SEAWALL_API_KEY_FILE", "/does/not/exist"),
        ("OIDC_AUDIENCE", "seawall"),
        ("OIDC_ISSUER", "http://issuer.example"),
        ("SEAWALL_SECRET_lower", "x"),
        ("SEAWALL_SECRET_TOKEN_FILE", "/does/not/exist"),
    ] {
        let mut variables = vec![(name, value)];
        if name == "HOST" {
            // An open address wants names too, which is another error.
            variables.push(("ALLOWED_HOSTS", "api.example.com"));
        }
        if name == "OIDC_ISSUER" {
            variables.push(("OIDC_AUDIENCE", "seawall"));
        }
        let errors = errors(&variables);
        assert_eq!(errors.len(), 1, "{name}={value}: {errors:?}");
        let missing = ("OIDC_AUDIENCE", "OIDC_ISSUER");
        let expected = if name == missing.0 { missing.1 } else { name };
        assert_eq!(errors[0].0, expected);
    }
}

#[test]
fn an_issuer_is_only_taken_with_an_audience() {
    let issuer = ("OIDC_ISSUER", "https://issuer.example/realm");
    let oidc = config(&[issuer, ("OIDC_AUDIENCE", "seawall"), ("TENANT_CLAIM", "org")])
        .oidc
        .unwrap();
    assert_eq!((oidc.issuer.as_str(), &*oidc.audience), (issuer.1, "seawall"));
    assert!(oidc.tenant_claim.is_some() && oidc.role_claim.is_none());
    let refused = errors(&[issuer]);
    assert_eq!((refused.len(), &*refused[0].0), (1, "OIDC_AUDIENCE"), "{refused:?}");
    assert!(config(&[]).oidc.is_none());
}

#[test]
fn outside_development_the_secret_key_is_everybodys_own() {
    assert!(config(&[]).secret_key.is_default);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "a secret key in a file, long enough\n").unwrap();
    let from_file = ("SECRET_KEY_FILE", file.to_str().unwrap());
    let production = ("ENVIRONMENT", "production");
    let config = Config::from_map(&map(&[production, from_file])).unwrap();
    assert!(!config.secret_key.is_default && !format!("{config:?}").contains("in a file"));
    for (variables, variable) in [
        (&[production][..], "SECRET_KEY"),
        (&[production, ("SECRET_KEY", "hunter2")], "SECRET_KEY"),
        (&[("SECRET_KEY", "hunter2")], "SECRET_KEY"),
        (
            &[from_file, ("SECRET_KEY", "a secret key of the tests, long enough")],
            "SECRET_KEY",
        ),
        (&[("SECRET_KEY_FILE", "/does/not/exist")], "SECRET_KEY_FILE"),
    ] {
        let errors = errors(variables);
        assert_eq!((errors.len(), &*errors[0].0), (1, variable), "{errors:?}");
        assert!(!errors[0].1.contains("hunter2"));
    }
}

#[test]
fn a_value_that_is_refused_is_repeated_without_the_secrets_in_it() {
    for (variable, value) in [
        ("CORS_ORIGINS", "https://user:hunter2@app.example.com"),
        ("OIDC_ISSUER", "https://user:hunter2@issuer.example.com"),
        ("OIDC_ISSUER", "https://issuer.example.com/?client_secret=hunter2"),
        ("PORT", "sk-hunter2hunter2hunter2"),
    ] {
        let errors = errors(&[(variable, value)]);
        assert_eq!(errors[0].0, variable, "{errors:?}");
        assert!(!errors[0].1.contains("hunter2"), "{errors:?}");
    }
    // What is no secret is still named.
    assert!(errors(&[("PORT", "many")])[0].1.contains("\"many\""));
}

#[test]
fn a_secret_that_is_hardly_one_is_warned_of() {
    let weak = |environment, key| {
        let variables = [("ENVIRONMENT", environment), ("SECRET_KEY", key)];
        let config = config(&variables);
        assert_eq!(
            config.warnings.iter().any(|text| text.contains("SECRET_KEY")),
            config.secret_key.is_guessable
        );
        config.secret_key.is_guessable
    };
    for key in [
        "changemechangemechangemechangeme",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(
            weak("production", key) && weak("staging", key) && !weak("dev", key),
            "{key}"
        );
    }
    assert!(!weak("production", "f6e97fbabf3771cfb2299c6472c1f767"));
}

#[test]
fn only_development_is_bound_to_this_machine() {
    let open = [("HOST", "0.0.0.0"), ("ALLOWED_HOSTS", "api.example.com")];
    for name in ["staging", "production"] {
        let config = config(&[&open[..], &[("ENVIRONMENT", name)]].concat());
        assert_eq!(config.listen_address().to_string(), "0.0.0.0:8000");
        assert!(config.edge.hosts_named);
    }
    let refused = errors(&open);
    assert_eq!((refused.len(), &*refused[0].0), (1, "HOST"), "{refused:?}");
}

#[test]
fn the_admin_key_comes_from_a_value_or_a_file_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "hunter2-is-in-a-file\n").unwrap();
    for variable in [
        ("ADMIN_API_KEY", "hunter2-is-in-a-file"),
        ("ADMIN_API_KEY_FILE", file.to_str().unwrap()),
    ] {
        let config = Config::from_map(&map(&[variable])).unwrap();
        let admin = config.credentials.admin.as_ref().unwrap();
        assert!(admin.check("hunter2-is-in-a-file").is_some());
        assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    }
    let refused = errors(&[("ADMIN_API_KEY", "hunter2")]);
    assert!(!refused[0].1.contains("hunter2"), "{refused:?}");
    assert!(Config::from_map(&map(&[])).unwrap().credentials.admin.is_none());
}

#[test]
fn an_admin_key_that_can_be_guessed_is_warned_of_where_others_may_try() {
    let warnings = |environment: &str, key: &str| {
        let config = config(&[("ENVIRONMENT", environment), ("ADMIN_API_KEY", key)]);
        config.warnings.join("\n")
    };
    let (weak, strong) = ("hunter22", "hunter22hunter22hunter22");
    for environment in ["staging", "production"] {
        let warned = warnings(environment, weak);
        assert!(
            warned.starts_with("ADMIN_API_KEY ") && !warned.contains(weak),
            "{warned}"
        );
        assert_eq!(warnings(environment, strong), "");
    }
    assert_eq!(warnings("dev", weak), "");
}

#[test]
fn every_origin_may_call_a_development_machine_only() {
    assert_eq!(config(&[("CORS_ORIGINS", "*")]).edge.origins, Origins::Any);
    let refused = errors(&[("CORS_ORIGINS", "*"), ("ENVIRONMENT", "production")]);
    assert!(
        refused.iter().any(|(variable, _)| variable == "CORS_ORIGINS"),
        "{refused:?}"
    );
}

#[test]
fn all_errors_come_at_once() {
    let text = Config::from_map(&map(&[("PORT", "x"), ("HOST", "0.0.0.0"), ("REDIS_URL", "redis://x")]));
    insta::assert_snapshot!(text.unwrap_err().to_string());
}

#[test]
fn names_that_look_like_ours_are_warned_about() {
    let config = config(&[
        ("REQUEST_TIMOUT", "1s"),
        ("SEAWALL_PORT", "1"),
        ("RATE_LIMIT_RUN", "1/s"),
        ("HOME", "/root"),
    ]);
    insta::assert_snapshot!(config.warnings.join("\n"));
}

#[test]
fn secrets_come_from_values_and_files_and_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from-file\n").unwrap();
    let config = config(&[
        ("SEAWALL_SECRET_A", "0123"),
        ("SEAWALL_SECRET_B_FILE", file.to_str().unwrap()),
    ]);
    assert_eq!(config.secrets.names().collect::<Vec<_>>(), ["A", "B"]);
    let reveal = |name: &str| {
        let secret = config.secrets.secret(&TenantId::default(), name).unwrap();
        secrecy::ExposeSecret::expose_secret(&secret).to_owned()
    };
    assert_eq!(reveal("A"), "0123");
    assert_eq!(reveal("B"), "from-file");
    std::fs::write(&file, "rotated").unwrap();
    assert_eq!(reveal("B"), "rotated");
    assert!(config.secrets.secret(&TenantId::default(), "C").is_err());
    assert!(!format!("{config:?}").contains("0123"));
    let both = errors(&[
        ("SEAWALL_SECRET_A", "x"),
        ("SEAWALL_SECRET_A_FILE", file.to_str().unwrap()),
    ]);
    assert!(both[0].1.contains("both set"), "{both:?}");
}

#[test]
fn the_file_of_the_environment_fills_what_the_environment_leaves_open() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(".env.dev", "PORT=9001\nLOG_LEVEL=debug\n");
    write(".env.production", "PORT=9002\n");
    const SECRET: (&str, &str) = ("SECRET_KEY", "a secret key of the tests, long enough");
    let load = |variables: &[(&str, &str)]| Config::from_sources(map(&[variables, &[SECRET]].concat()), folder.path());
    let dev = load(&[("LOG_LEVEL", "warn")]).unwrap();
    assert_eq!((dev.port, dev.log_level.as_str()), (9001, "warn"));
    assert_eq!(load(&[("ENVIRONMENT", "staging")]).unwrap().port, 8000);
    assert_eq!(
        load(&[("ENVIRONMENT", "production")]).unwrap().port,
        8000,
        "production reads no file"
    );
    write(".env.dev", "PORT=1\nthis is hunter2 no line\n");
    let error = load(&[]).unwrap_err().to_string();
    assert!(error.contains(".env.dev") && !error.contains("hunter2"), "{error}");
}
