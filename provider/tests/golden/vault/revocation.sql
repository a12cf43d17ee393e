DO $appenv$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}') THEN
    ALTER ROLE "{{name}}" NOLOGIN;
    PERFORM pg_catalog.pg_terminate_backend(pid, 5000)
      FROM pg_catalog.pg_stat_activity WHERE usename = '{{name}}';
    BEGIN
      DROP ROLE "{{name}}";
    EXCEPTION WHEN dependent_objects_still_exist THEN
      IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'erp_sandbox_role') THEN
        REVOKE "erp_sandbox_role" FROM "{{name}}";
        GRANT "{{name}}" TO "erp_sandbox_role" WITH ADMIN OPTION;
      END IF;
    END;
  END IF;
END
$appenv$;
