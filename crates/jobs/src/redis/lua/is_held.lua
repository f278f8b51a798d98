-- Whether an attempt has its job. Writes nothing.
-- Arguments: job_id, attempt
return held(args.job_id, args.attempt) and 1 or 0
