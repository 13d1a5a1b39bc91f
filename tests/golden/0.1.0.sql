SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.refuse_change_of_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.allocations (
    source_key character varying(64) NOT NULL,
    operator_id uuid NOT NULL,
    weight integer NOT NULL,
    CONSTRAINT ck_allocations_weight CHECK ((weight >= 0))
);
CREATE TABLE public.api_keys (
    prefix character varying(32) NOT NULL,
    digest bytea NOT NULL,
    role character varying(16) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    name text,
    source_key character varying(64),
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.assigned_counts (
    source_key character varying(64) NOT NULL,
    hours smallint NOT NULL,
    start integer NOT NULL,
    operator_id uuid NOT NULL,
    contacts bigint NOT NULL
);
CREATE TABLE public.audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying(32) NOT NULL,
    action character varying(32) NOT NULL,
    subject character varying(64) NOT NULL,
    before text,
    after text
);
CREATE TABLE public.contacts (
    id uuid NOT NULL,
    source_key character varying(64) NOT NULL,
    lead_id uuid NOT NULL,
    operator_id uuid,
    state smallint NOT NULL,
    lead_created boolean NOT NULL,
    conflicts bytea,
    payload text,
    created_at timestamp with time zone NOT NULL,
    assigned_at timestamp with time zone,
    closed_at timestamp with time zone
);
CREATE TABLE public.decisions (
    contact_id uuid NOT NULL,
    lineup bytea NOT NULL,
    decision bytea NOT NULL
);
CREATE TABLE public.idempotency_keys (
    key text NOT NULL,
    contact_id uuid NOT NULL,
    fingerprint bytea NOT NULL
);
CREATE TABLE public.identities (
    key text NOT NULL COLLATE pg_catalog."C",
    lead_id uuid NOT NULL
);
CREATE TABLE public.leads (
    id uuid NOT NULL,
    name text COLLATE pg_catalog."C",
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.lineups (
    digest bytea NOT NULL,
    lineup bytea NOT NULL
);
CREATE TABLE public.operators (
    id uuid NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL,
    capacity integer NOT NULL,
    load integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_operators_capacity CHECK ((capacity >= 0)),
    CONSTRAINT ck_operators_load CHECK ((load >= 0))
);
CREATE TABLE public.purged_assigned (
    source_key character varying(64) NOT NULL,
    operator_id uuid NOT NULL,
    contacts bigint NOT NULL
);
CREATE TABLE public.purged_registered (
    source_key character varying(64) NOT NULL,
    contacts bigint NOT NULL
);
CREATE TABLE public.registered_counts (
    source_key character varying(64) NOT NULL,
    hours smallint NOT NULL,
    start integer NOT NULL,
    contacts bigint NOT NULL
);
CREATE TABLE public.sources (
    key character varying(64) NOT NULL,
    name text NOT NULL,
    strategy character varying(16) NOT NULL,
    waiting integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    credits bytea DEFAULT '\x'::bytea NOT NULL,
    CONSTRAINT ck_sources_waiting CHECK ((waiting >= 0))
);
CREATE TABLE public.transfers (
    contact_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    previous_id uuid,
    operator_id uuid NOT NULL
);
CREATE TABLE public.write_lock (
    version bigint NOT NULL
);
INSERT INTO public.alembic_version VALUES
	('0009');
INSERT INTO public.allocations VALUES
	('site.chat', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1),
	('site.chat', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 3),
	('site.chat', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 0),
	('telegram-sales', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 10),
	('telegram-sales', '01a21b2b-099c-7104-bd82-cb3ed766b363', 20),
	('telegram-sales', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 5);
INSERT INTO public.api_keys VALUES
	('flk_0njeychs5o', '\x61104edd97b28ce1af2bdc5c6585d35b492ade80f0860c2511b07d2a36887496', 'intake', '2026-11-27 04:02:16.155+00', 'bot', 'telegram-sales', '2099-01-01 00:00:00+00', NULL),
	('flk_zze5l2txsb', '\x4801c53b1e8840b7ea5728f749558efb50a5f8fdfc001324f344d3301f38628b', 'admin', '2026-11-27 04:02:16.145+00', 'Anna', NULL, NULL, '2026-11-27 04:02:16.183+00');
INSERT INTO public.assigned_counts VALUES
	('telegram-sales', 1, 498820, '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 5),
	('telegram-sales', 24, 498816, '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 5),
	('telegram-sales', 1, 498820, '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 4),
	('telegram-sales', 24, 498816, '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 4),
	('telegram-sales', 1, 498820, '01a21b2b-099c-7104-bd82-cb3ed766b363', 15),
	('telegram-sales', 24, 498816, '01a21b2b-099c-7104-bd82-cb3ed766b363', 15),
	('site.chat', 1, 498820, '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 4),
	('site.chat', 24, 498816, '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 4),
	('site.chat', 1, 498820, '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1),
	('site.chat', 24, 498816, '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1),
	('telegram-sales', 1, 498820, '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 1),
	('telegram-sales', 24, 498816, '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 1);
INSERT INTO public.audit VALUES
	('01a21b2b-0996-72ff-8b03-28c0f674b0f3', '2026-11-27 04:02:15.062+00', 'script', 'operator_created', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', NULL, '{"name": "Anna", "capacity": 4, "active": true}'),
	('01a21b2b-09a3-7560-9b83-a899b2c8392b', '2026-11-27 04:02:15.075+00', 'script', 'operator_created', '01a21b2b-099c-7104-bd82-cb3ed766b363', NULL, '{"name": "Boris", "capacity": 30, "active": true}'),
	('01a21b2b-09a7-7189-8e41-4e5b69d15eaf', '2026-11-27 04:02:15.079+00', 'script', 'operator_created', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', NULL, '{"name": "Кирилл", "capacity": 5, "active": true}'),
	('01a21b2b-09aa-769a-a23a-9d26b1d95076', '2026-11-27 04:02:15.082+00', 'script', 'operator_created', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', NULL, '{"name": "Dora", "capacity": 3, "active": true}'),
	('01a21b2b-09af-77e5-aeda-a1f797605c4d', '2026-11-27 04:02:15.087+00', 'script', 'source_created', 'telegram-sales', NULL, '{"name": "Telegram, sales", "strategy": "exact"}'),
	('01a21b2b-09b3-7310-9783-7f4533a7c4c4', '2026-11-27 04:02:15.091+00', 'script', 'source_created', 'site.chat', NULL, '{"name": "site.chat", "strategy": "random"}'),
	('01a21b2b-09b5-7549-a28d-843d2b04353b', '2026-11-27 04:02:15.093+00', 'script', 'source_created', 'vk', NULL, '{"name": "vk", "strategy": "exact"}'),
	('01a21b2b-09b8-7320-bd7b-fb18acef8395', '2026-11-27 04:02:15.096+00', 'script', 'source_created', 'empty', NULL, '{"name": "empty", "strategy": "exact"}'),
	('01a21b2b-09e0-771b-82e0-5e85bf05c679', '2026-11-27 04:02:15.136+00', 'script', 'allocations_replaced', 'telegram-sales', '{}', '{"01a21b2b-0981-70d8-8e53-fec1fd9e4924": 10, "01a21b2b-099c-7104-bd82-cb3ed766b363": 30, "01a21b2b-09a4-770e-b4d9-f656938f6dbf": 30}'),
	('01a21b2b-09f2-72de-985c-79333f337af0', '2026-11-27 04:02:15.154+00', 'script', 'allocations_replaced', 'site.chat', '{}', '{"01a21b2b-0981-70d8-8e53-fec1fd9e4924": 1, "01a21b2b-09a4-770e-b4d9-f656938f6dbf": 3, "01a21b2b-09a8-71a7-aed9-ca1d81df7daa": 0}'),
	('01a21b2b-0c0d-7545-9839-9ecb8bf89b81', '2026-11-27 04:02:15.693+00', 'script', 'contacts_purged', '2026-11-27T04:02:15.651038+00:00', NULL, '{"removed": 9}'),
	('01a21b2b-0cb5-7407-a440-b2d9cc6a0a9f', '2026-11-27 04:02:15.861+00', 'script', 'contact_transferred', '01a21b2b-0c75-7073-a697-1d1aa5bafc33', '{"operator_id": null}', '{"operator_id": "01a21b2b-099c-7104-bd82-cb3ed766b363"}'),
	('01a21b2b-0cd8-742f-b08c-9b4421c7e5da', '2026-11-27 04:02:15.896+00', 'script', 'contact_transferred', '01a21b2b-0c75-7073-a697-1d1aa5bafc33', '{"operator_id": "01a21b2b-099c-7104-bd82-cb3ed766b363"}', '{"operator_id": "01a21b2b-09a8-71a7-aed9-ca1d81df7daa"}'),
	('01a21b2b-0cf8-71c6-90b1-a052200b6e4b', '2026-11-27 04:02:15.928+00', 'script', 'contact_transferred', '01a21b2b-0ab5-7663-9c17-897ac4fcfff5', '{"operator_id": "01a21b2b-099c-7104-bd82-cb3ed766b363"}', '{"operator_id": "01a21b2b-09a8-71a7-aed9-ca1d81df7daa"}'),
	('01a21b2b-0d14-753b-824a-b45e84cdb827', '2026-11-27 04:02:15.956+00', 'script', 'contact_transferred', '01a21b2b-0ac6-75c0-b1b6-70db64289609', '{"operator_id": "01a21b2b-099c-7104-bd82-cb3ed766b363"}', '{"operator_id": "01a21b2b-09a8-71a7-aed9-ca1d81df7daa"}'),
	('01a21b2b-0d4b-742e-9f52-183e5a44309c', '2026-11-27 04:02:16.011+00', 'script', 'operator_changed', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', '{"active": true}', '{"active": false}'),
	('01a21b2b-0d55-770f-b625-b8c8dee76f69', '2026-11-27 04:02:16.021+00', 'script', 'operator_changed', '01a21b2b-099c-7104-bd82-cb3ed766b363', '{"capacity": 30}', '{"capacity": 1}'),
	('01a21b2b-0d5c-77fd-b597-f3fdfe3fc8f7', '2026-11-27 04:02:16.028+00', 'script', 'source_changed', 'vk', '{"name": "vk"}', '{"name": "ВКонтакте"}'),
	('01a21b2b-0d68-72c6-9ead-bb929e7f7699', '2026-11-27 04:02:16.04+00', 'script', 'allocations_replaced', 'telegram-sales', '{"01a21b2b-099c-7104-bd82-cb3ed766b363": 30, "01a21b2b-09a4-770e-b4d9-f656938f6dbf": 30}', '{"01a21b2b-099c-7104-bd82-cb3ed766b363": 20, "01a21b2b-09a8-71a7-aed9-ca1d81df7daa": 5}'),
	('01a21b2b-0dcf-7034-beb0-924ac427d9fd', '2026-11-27 04:02:16.143+00', 'script', 'lead_erased', '01a21b2b-0ac6-75c0-b1b6-70dc1232ecfb', NULL, NULL),
	('01a21b2b-0dd7-7140-a8f4-5d9135d3bd68', '2026-11-27 04:02:16.151+00', 'script', 'key_created', 'flk_zze5l2txsb', NULL, '{"role": "admin", "name": "Anna", "source": null, "expires_at": null}'),
	('01a21b2b-0dec-75e1-83e6-68171955da63', '2026-11-27 04:02:16.172+00', 'script', 'key_created', 'flk_0njeychs5o', NULL, '{"role": "intake", "name": "bot", "source": "telegram-sales", "expires_at": "2099-01-01T00:00:00+00:00"}'),
	('01a21b2b-0dfb-7790-a2e3-716e791b822a', '2026-11-27 04:02:16.187+00', 'script', 'key_revoked', 'flk_zze5l2txsb', '{"revoked_at": null}', '{"revoked_at": "2026-11-27T04:02:16.183000+00:00"}');
INSERT INTO public.contacts VALUES
	('01a21b2b-0abb-718e-9667-9a719c37ea3c', 'telegram-sales', '01a21b2b-0abb-718e-9667-9a72bf1cb3ee', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 1, true, NULL, '{"text":"Есть в наличии?","number":10}', '2026-11-27 04:02:15.355+00', '2026-11-27 04:02:15.355+00', NULL),
	('01a21b2b-0ac0-76a8-9584-2755d14d73c0', 'telegram-sales', '01a21b2b-0ac1-7250-966c-acc975f25a9b', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1, true, NULL, '{"text":"Есть в наличии?","number":11}', '2026-11-27 04:02:15.36+00', '2026-11-27 04:02:15.36+00', NULL),
	('01a21b2b-0acc-748e-97b2-fbf2e72c0bc8', 'telegram-sales', '01a21b2b-0acc-748e-97b2-fbf3fc243f54', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":13}', '2026-11-27 04:02:15.372+00', '2026-11-27 04:02:15.372+00', NULL),
	('01a21b2b-0ad2-7352-bb1e-41b92b619040', 'telegram-sales', '01a21b2b-0ad6-7129-bacc-7309f4eca89a', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":14}', '2026-11-27 04:02:15.378+00', '2026-11-27 04:02:15.378+00', NULL),
	('01a21b2b-0ae4-73d0-a62b-6f8a3a16ce70', 'telegram-sales', '01a21b2b-0ae4-73d0-a62b-6f8b5049e5cd', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1, true, NULL, '{"text":"Есть в наличии?","number":15}', '2026-11-27 04:02:15.396+00', '2026-11-27 04:02:15.396+00', NULL),
	('01a21b2b-0af4-7022-a7fd-163b3a542367', 'telegram-sales', '01a21b2b-0af4-7022-a7fd-163cfd231c75', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":16}', '2026-11-27 04:02:15.412+00', '2026-11-27 04:02:15.412+00', NULL),
	('01a21b2b-0aff-7412-bc8e-ac51defee311', 'telegram-sales', '01a21b2b-0aff-7412-bc8e-ac52c462d7c2', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":17}', '2026-11-27 04:02:15.423+00', '2026-11-27 04:02:15.423+00', NULL),
	('01a21b2b-0b09-7713-ab88-0090b3edbd3f', 'telegram-sales', '01a21b2b-0b09-7713-ab88-00915a478ce0', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":18}', '2026-11-27 04:02:15.433+00', '2026-11-27 04:02:15.433+00', NULL),
	('01a21b2b-0b17-74bd-93ae-f0a54db0ceee', 'telegram-sales', '01a21b2b-0b17-74bd-93ae-f0a6a113a076', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1, true, NULL, '{"text":"Есть в наличии?","number":19}', '2026-11-27 04:02:15.447+00', '2026-11-27 04:02:15.447+00', NULL),
	('01a21b2b-0b1e-743f-bb9f-42f77074da35', 'telegram-sales', '01a21b2b-0b1e-743f-bb9f-42f8053b27e9', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":20}', '2026-11-27 04:02:15.454+00', '2026-11-27 04:02:15.454+00', NULL),
	('01a21b2b-0b24-73f2-bc5c-9f6f8dff3641', 'telegram-sales', '01a21b2b-0b24-73f2-bc5c-9f70dc9ed75a', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":21}', '2026-11-27 04:02:15.46+00', '2026-11-27 04:02:15.46+00', NULL),
	('01a21b2b-0b2a-77f2-9907-85fef742dbea', 'telegram-sales', '01a21b2b-0b2a-77f2-9907-85ffb88dc08f', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":22}', '2026-11-27 04:02:15.466+00', '2026-11-27 04:02:15.466+00', NULL),
	('01a21b2b-0b30-7442-8687-f2433e9b9959', 'telegram-sales', '01a21b2b-0b30-7442-8687-f24463f8dc4c', '01a21b2b-099c-7104-bd82-cb3ed766b363', 1, true, NULL, '{"text":"Есть в наличии?","number":23}', '2026-11-27 04:02:15.472+00', '2026-11-27 04:02:15.472+00', NULL),
	('01a21b2b-0c1b-711b-bd3a-f132c1e4efea', 'site.chat', '01a21b2b-0c1b-711b-bd3a-f133acd0aa3a', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 1, true, NULL, NULL, '2026-11-27 04:02:15.707+00', '2026-11-27 04:02:15.707+00', NULL),
	('01a21b2b-0c23-7139-b6ac-80d4cb5f4eb7', 'site.chat', '01a21b2b-0c23-7139-b6ac-80d50b842427', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 1, true, NULL, NULL, '2026-11-27 04:02:15.715+00', '2026-11-27 04:02:15.715+00', NULL),
	('01a21b2b-0c2d-71f1-9909-652d2dc8116c', 'site.chat', '01a21b2b-0c2d-71f1-9909-652eb61e0b0a', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 1, true, NULL, NULL, '2026-11-27 04:02:15.725+00', '2026-11-27 04:02:15.725+00', NULL),
	('01a21b2b-0c34-71d2-a4d0-91a3aa755757', 'site.chat', '01a21b2b-0c34-71d2-a4d0-91a46713b693', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 1, true, NULL, NULL, '2026-11-27 04:02:15.732+00', '2026-11-27 04:02:15.732+00', NULL),
	('01a21b2b-0c3e-74ca-a5b8-a5526247c055', 'site.chat', '01a21b2b-0c3e-74ca-a5b8-a553b50a0830', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1, true, NULL, NULL, '2026-11-27 04:02:15.742+00', '2026-11-27 04:02:15.742+00', NULL),
	('01a21b2b-0c49-748d-be3c-5ae45f31992b', 'site.chat', '01a21b2b-0c49-748d-be3c-5ae5e06a3e0e', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.753+00', NULL, NULL),
	('01a21b2b-0c50-70d7-b75b-3d8d84cbdc3b', 'site.chat', '01a21b2b-0c50-70d7-b75b-3d8ec256b3a1', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.76+00', NULL, NULL),
	('01a21b2b-0c5a-76c0-ba9f-1f1afcf8e41e', 'site.chat', '01a21b2b-0c5b-7087-b3f5-e29b0127205e', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.77+00', NULL, NULL),
	('01a21b2b-0c63-732a-96fe-047402826895', 'site.chat', '01a21b2b-0c63-732a-96fe-04755279c6fa', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.779+00', NULL, NULL),
	('01a21b2b-0c6c-711f-809f-7e28f6cd07ce', 'site.chat', '01a21b2b-0c6c-711f-809f-7e292ae551da', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.788+00', NULL, NULL),
	('01a21b2b-0c87-7085-b7b0-de67aa978dab', 'vk', '01a21b2b-0c87-7085-b7b0-de6800cf0841', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:15.815+00', NULL, NULL),
	('01a21b2b-0c91-71bd-9f06-306390f1a530', 'site.chat', '01a21b2b-0a61-764f-98aa-a5234ad971a0', NULL, 0, false, '\x01a21b2b0c237139b6ac80d50b842427', NULL, '2026-11-27 04:02:15.825+00', NULL, NULL),
	('01a21b2b-0c75-7073-a697-1d1aa5bafc33', 'vk', '01a21b2b-0c75-7073-a697-1d1bc6297875', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 1, true, NULL, NULL, '2026-11-27 04:02:15.797+00', '2026-11-27 04:02:15.888+00', NULL),
	('01a21b2b-0ab5-7663-9c17-897ac4fcfff5', 'telegram-sales', '01a21b2b-0ab5-7663-9c17-897b39cb0d02', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 1, true, NULL, '{"text":"Есть в наличии?","number":9}', '2026-11-27 04:02:15.349+00', '2026-11-27 04:02:15.919+00', NULL),
	('01a21b2b-0c7d-743a-92f4-1d51e8d7c0e9', 'vk', '01a21b2b-0a0a-716c-b6af-0330d3764ce4', NULL, 2, false, NULL, NULL, '2026-11-27 04:02:15.805+00', NULL, '2026-11-27 04:02:15.995+00'),
	('01a21b2b-0d71-7749-8829-7773e9ad6bb1', 'telegram-sales', '01a21b2b-0d71-7749-8829-7774fa07dee1', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 1, true, NULL, NULL, '2026-11-27 04:02:16.049+00', '2026-11-27 04:02:16.049+00', NULL),
	('01a21b2b-0d7b-7528-b3dc-7bae080b7d0c', 'telegram-sales', '01a21b2b-0d7b-7528-b3dc-7bafb1933119', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:16.059+00', NULL, NULL),
	('01a21b2b-0d85-73ce-9284-b4d23e746586', 'telegram-sales', '01a21b2b-0d85-73ce-9284-b4d35c9bdb47', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:16.069+00', NULL, NULL),
	('01a21b2b-0d92-77e8-9197-100a821b95db', 'telegram-sales', '01a21b2b-0d92-77e8-9197-100b2833f56b', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:16.082+00', NULL, NULL),
	('01a21b2b-0d9d-70d8-9627-2edf82fd2de5', 'telegram-sales', '01a21b2b-0d9e-760f-9887-bbf3c1ca556c', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:16.093+00', NULL, NULL),
	('01a21b2b-0da9-737e-9838-eb5c86af4418', 'telegram-sales', '01a21b2b-0da9-737e-9838-eb5d7ee6d5ec', NULL, 0, true, NULL, NULL, '2026-11-27 04:02:16.105+00', NULL, NULL),
	('01a21b2b-0ac6-75c0-b1b6-70db64289609', 'telegram-sales', '01a21b2b-0ac6-75c0-b1b6-70dc1232ecfb', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 2, true, NULL, NULL, '2026-11-27 04:02:15.366+00', '2026-11-27 04:02:15.952+00', '2026-11-27 04:02:15.978+00');
INSERT INTO public.decisions VALUES
	('01a21b2b-0ab5-7663-9c17-897ac4fcfff5', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff01000100000004000000040000009104e68542000000bcfd0cbddeffffffb3fd0cbddeffffff'),
	('01a21b2b-0abb-718e-9667-9a719c37ea3c', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0200010000000500000004000000da06d9c86300000098f440b159ffffff8e04e68542000000'),
	('01a21b2b-0ac0-76a8-9584-2755d14d73c0', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff00000100000005000000050000002309cc0b8500000074fb197abdffffff69fb197abdffffff'),
	('01a21b2b-0ac6-75c0-b1b6-70db64289609', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100020000000500000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0acc-748e-97b2-fbf2e72c0bc8', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100020000000600000005000000238179a11000000074836ce43100000069fb197abdffffff'),
	('01a21b2b-0ad2-7352-bb1e-41b92b619040', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff010002000000070000000500000023c5a2d64a000000743f43aff7ffffff69fb197abdffffff'),
	('01a21b2b-0ae4-73d0-a62b-6f8a3a16ce70', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff00000200000008000000050000002309cc0b8500000074fb197abdffffff69fb197abdffffff'),
	('01a21b2b-0af4-7022-a7fd-163b3a542367', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100030000000800000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0aff-7412-bc8e-ac51defee311', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100030000000900000005000000238179a11000000074836ce43100000069fb197abdffffff'),
	('01a21b2b-0b09-7713-ab88-0090b3edbd3f', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100030000000a0000000500000023c5a2d64a000000743f43aff7ffffff69fb197abdffffff'),
	('01a21b2b-0b17-74bd-93ae-f0a54db0ceee', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0000030000000b000000050000002309cc0b8500000074fb197abdffffff69fb197abdffffff'),
	('01a21b2b-0b1e-743f-bb9f-42f77074da35', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100040000000b00000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0b24-73f2-bc5c-9f6f8dff3641', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100040000000c00000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0b2a-77f2-9907-85fef742dbea', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100040000000d00000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0b30-7442-8687-f2433e9b9959', '\xad428ab116a6cf37f61f513c1ae5b764', '\x0100ffffffffffffffff0100040000000e00000005000000233d506cd6ffffff74c795196c00000069fb197abdffffff'),
	('01a21b2b-0c1b-711b-bd3a-f132c1e4efea', '\xd300fa659781303897dbf9b7e7347261', '\x010143dad011e3811f000100030000000100000000000000000000000000000000000000000000000000000000000000'),
	('01a21b2b-0c23-7139-b6ac-80d4cb5f4eb7', '\xd300fa659781303897dbf9b7e7347261', '\x0101808b6752fa7b1c000100030000000200000000000000000000000000000000000000000000000000000000000000'),
	('01a21b2b-0c2d-71f1-9909-652d2dc8116c', '\xd300fa659781303897dbf9b7e7347261', '\x0101da6ffec359c70d000100030000000300000000000000000000000000000000000000000000000000000000000000'),
	('01a21b2b-0c34-71d2-a4d0-91a3aa755757', '\xd300fa659781303897dbf9b7e7347261', '\x010107fb22c986471d000100030000000400000000000000000000000000000000000000000000000000000000000000'),
	('01a21b2b-0c3e-74ca-a5b8-a5526247c055', '\xd300fa659781303897dbf9b7e7347261', '\x0101b2b7e86719ee01000000030000000500000000000000000000000000000000000000000000000000000000000000'),
	('01a21b2b-0d71-7749-8829-7773e9ad6bb1', '\x5a8acd0af785c1d4dd16fb80486c4847', '\x0100ffffffffffffffff02000400000009000000020000009b3bae3fc0ffffffecc5f3ec5500000079fe5dd3e9ffffff');
INSERT INTO public.idempotency_keys VALUES
	('telegram-sales:message-9', '01a21b2b-0ab5-7663-9c17-897ac4fcfff5', '\xfccb78e8400c11056ddf4e1a70de00e4fc1f3c4a6e7d87068e3632bf60885edf'),
	('telegram-sales:message-10', '01a21b2b-0abb-718e-9667-9a719c37ea3c', '\xede5cd340c7c316dff3b25e2721c067c6c90b803a90cc4362f2d36c895ad711d'),
	('telegram-sales:message-11', '01a21b2b-0ac0-76a8-9584-2755d14d73c0', '\xcb7e291a784e17ab0b6c167180ec49403742d8e571d454262376ca89d865886f'),
	('telegram-sales:message-13', '01a21b2b-0acc-748e-97b2-fbf2e72c0bc8', '\xbabddff4645e4d286b2c97694678c0ed75afa8946e33ba78e1a1788c0fadca07'),
	('telegram-sales:message-14', '01a21b2b-0ad2-7352-bb1e-41b92b619040', '\xd56a000485d5bcfff6cb746da20711d6294fe83b225f8f3cdd3ba87fe5783493'),
	('telegram-sales:message-15', '01a21b2b-0ae4-73d0-a62b-6f8a3a16ce70', '\x665f0b4bd3cfd79a6cfb655df2480e1ae8870e64b2810b89108262ea10fde5e8'),
	('telegram-sales:message-16', '01a21b2b-0af4-7022-a7fd-163b3a542367', '\x06c3e0f910ace50ef3e0db743102574c34106d163e82da86a3ce903f1dac7e77'),
	('telegram-sales:message-17', '01a21b2b-0aff-7412-bc8e-ac51defee311', '\xb88236d2b70a725b1df062a51434eb95c2acf4a3d1058074026ffa7cc19944b5'),
	('telegram-sales:message-18', '01a21b2b-0b09-7713-ab88-0090b3edbd3f', '\xb92b9578dc984f28c58b384b90d8355cc03645b746f3cd4d8faaa38d29d667c6'),
	('telegram-sales:message-19', '01a21b2b-0b17-74bd-93ae-f0a54db0ceee', '\xc9fe74b2fc448c71a4f8aa5ee1120fcd1f95973d4ae18717e6e57279705d219f'),
	('telegram-sales:message-20', '01a21b2b-0b1e-743f-bb9f-42f77074da35', '\x4d43ba304ac5878c5437f18e2f61aceb9508801e10d4a88cfdfc87f5cdf32528'),
	('telegram-sales:message-21', '01a21b2b-0b24-73f2-bc5c-9f6f8dff3641', '\xc462de3178aab66d2affee0b67d9c56a6e2372036f568942917ba97362b5c1e2'),
	('telegram-sales:message-22', '01a21b2b-0b2a-77f2-9907-85fef742dbea', '\x01316c8e43a32097ca70cbe1582469d25ce785947d4a0e2c9d20d9142274bdc4'),
	('telegram-sales:message-23', '01a21b2b-0b30-7442-8687-f2433e9b9959', '\xc65e0930c643ce581ef4b5ac7a3703d2d73a1ede50311d5f8e0ad4408321dd0c');
INSERT INTO public.identities VALUES
	('phone:+79161234500', '01a21b2b-0a0a-716c-b6af-0330d3764ce4'),
	('telegram:user0', '01a21b2b-0a0a-716c-b6af-0330d3764ce4'),
	('phone:+79161234501', '01a21b2b-0a61-764f-98aa-a5234ad971a0'),
	('telegram:user1', '01a21b2b-0a61-764f-98aa-a5234ad971a0'),
	('phone:+79161234502', '01a21b2b-0a75-7290-ad1a-75a75c3f5624'),
	('telegram:user2', '01a21b2b-0a75-7290-ad1a-75a75c3f5624'),
	('phone:+79161234503', '01a21b2b-0a86-75a6-a43e-04d7d6565fba'),
	('telegram:user3', '01a21b2b-0a86-75a6-a43e-04d7d6565fba'),
	('phone:+79161234504', '01a21b2b-0a8f-7390-ae7c-5a22b07a4bc2'),
	('telegram:user4', '01a21b2b-0a8f-7390-ae7c-5a22b07a4bc2'),
	('phone:+79161234505', '01a21b2b-0a99-7776-9683-54800cb20ba2'),
	('telegram:user5', '01a21b2b-0a99-7776-9683-54800cb20ba2'),
	('phone:+79161234506', '01a21b2b-0aa1-7262-a08d-2569e533b903'),
	('telegram:user6', '01a21b2b-0aa1-7262-a08d-2569e533b903'),
	('phone:+79161234507', '01a21b2b-0aa8-7744-9cec-429693464506'),
	('telegram:user7', '01a21b2b-0aa8-7744-9cec-429693464506'),
	('phone:+79161234508', '01a21b2b-0aae-72d0-903d-f79f09d07378'),
	('telegram:user8', '01a21b2b-0aae-72d0-903d-f79f09d07378'),
	('phone:+79161234509', '01a21b2b-0ab5-7663-9c17-897b39cb0d02'),
	('telegram:user9', '01a21b2b-0ab5-7663-9c17-897b39cb0d02'),
	('phone:+79161234510', '01a21b2b-0abb-718e-9667-9a72bf1cb3ee'),
	('telegram:user10', '01a21b2b-0abb-718e-9667-9a72bf1cb3ee'),
	('phone:+79161234511', '01a21b2b-0ac1-7250-966c-acc975f25a9b'),
	('telegram:user11', '01a21b2b-0ac1-7250-966c-acc975f25a9b'),
	('phone:+79161234513', '01a21b2b-0acc-748e-97b2-fbf3fc243f54'),
	('telegram:user13', '01a21b2b-0acc-748e-97b2-fbf3fc243f54'),
	('phone:+79161234514', '01a21b2b-0ad6-7129-bacc-7309f4eca89a'),
	('telegram:user14', '01a21b2b-0ad6-7129-bacc-7309f4eca89a'),
	('phone:+79161234515', '01a21b2b-0ae4-73d0-a62b-6f8b5049e5cd'),
	('telegram:user15', '01a21b2b-0ae4-73d0-a62b-6f8b5049e5cd'),
	('phone:+79161234516', '01a21b2b-0af4-7022-a7fd-163cfd231c75'),
	('telegram:user16', '01a21b2b-0af4-7022-a7fd-163cfd231c75'),
	('phone:+79161234517', '01a21b2b-0aff-7412-bc8e-ac52c462d7c2'),
	('telegram:user17', '01a21b2b-0aff-7412-bc8e-ac52c462d7c2'),
	('phone:+79161234518', '01a21b2b-0b09-7713-ab88-00915a478ce0'),
	('telegram:user18', '01a21b2b-0b09-7713-ab88-00915a478ce0'),
	('phone:+79161234519', '01a21b2b-0b17-74bd-93ae-f0a6a113a076'),
	('telegram:user19', '01a21b2b-0b17-74bd-93ae-f0a6a113a076'),
	('phone:+79161234520', '01a21b2b-0b1e-743f-bb9f-42f8053b27e9'),
	('telegram:user20', '01a21b2b-0b1e-743f-bb9f-42f8053b27e9'),
	('phone:+79161234521', '01a21b2b-0b24-73f2-bc5c-9f70dc9ed75a'),
	('telegram:user21', '01a21b2b-0b24-73f2-bc5c-9f70dc9ed75a'),
	('phone:+79161234522', '01a21b2b-0b2a-77f2-9907-85ffb88dc08f'),
	('telegram:user22', '01a21b2b-0b2a-77f2-9907-85ffb88dc08f'),
	('phone:+79161234523', '01a21b2b-0b30-7442-8687-f24463f8dc4c'),
	('telegram:user23', '01a21b2b-0b30-7442-8687-f24463f8dc4c'),
	('email:ann+0@example.com', '01a21b2b-0c1b-711b-bd3a-f133acd0aa3a'),
	('email:ann+1@example.com', '01a21b2b-0c23-7139-b6ac-80d50b842427'),
	('email:ann+2@example.com', '01a21b2b-0c2d-71f1-9909-652eb61e0b0a'),
	('email:ann+3@example.com', '01a21b2b-0c34-71d2-a4d0-91a46713b693'),
	('email:ann+4@example.com', '01a21b2b-0c3e-74ca-a5b8-a553b50a0830'),
	('email:ann+5@example.com', '01a21b2b-0c49-748d-be3c-5ae5e06a3e0e'),
	('email:ann+6@example.com', '01a21b2b-0c50-70d7-b75b-3d8ec256b3a1'),
	('email:ann+7@example.com', '01a21b2b-0c5b-7087-b3f5-e29b0127205e'),
	('email:ann+8@example.com', '01a21b2b-0c63-732a-96fe-04755279c6fa'),
	('email:ann+9@example.com', '01a21b2b-0c6c-711f-809f-7e292ae551da'),
	('vk:id1', '01a21b2b-0c75-7073-a697-1d1bc6297875'),
	('vk:id2', '01a21b2b-0a0a-716c-b6af-0330d3764ce4'),
	('external_id:550e8400-e29b-41d4-a716-446655440000', '01a21b2b-0c87-7085-b7b0-de6800cf0841'),
	('external_id:crm-7', '01a21b2b-0a61-764f-98aa-a5234ad971a0'),
	('telegram:late0', '01a21b2b-0d71-7749-8829-7774fa07dee1'),
	('telegram:late1', '01a21b2b-0d7b-7528-b3dc-7bafb1933119'),
	('telegram:late2', '01a21b2b-0d85-73ce-9284-b4d35c9bdb47'),
	('telegram:late3', '01a21b2b-0d92-77e8-9197-100b2833f56b'),
	('telegram:late4', '01a21b2b-0d9e-760f-9887-bbf3c1ca556c'),
	('telegram:late5', '01a21b2b-0da9-737e-9838-eb5d7ee6d5ec');
INSERT INTO public.leads VALUES
	('01a21b2b-0a61-764f-98aa-a5234ad971a0', 'Иван 1', '2026-11-27 04:02:15.265+00'),
	('01a21b2b-0a75-7290-ad1a-75a75c3f5624', NULL, '2026-11-27 04:02:15.285+00'),
	('01a21b2b-0a86-75a6-a43e-04d7d6565fba', 'Иван 3', '2026-11-27 04:02:15.302+00'),
	('01a21b2b-0a8f-7390-ae7c-5a22b07a4bc2', NULL, '2026-11-27 04:02:15.311+00'),
	('01a21b2b-0a99-7776-9683-54800cb20ba2', 'Иван 5', '2026-11-27 04:02:15.321+00'),
	('01a21b2b-0aa1-7262-a08d-2569e533b903', NULL, '2026-11-27 04:02:15.329+00'),
	('01a21b2b-0aa8-7744-9cec-429693464506', 'Иван 7', '2026-11-27 04:02:15.336+00'),
	('01a21b2b-0aae-72d0-903d-f79f09d07378', NULL, '2026-11-27 04:02:15.342+00'),
	('01a21b2b-0ab5-7663-9c17-897b39cb0d02', 'Иван 9', '2026-11-27 04:02:15.349+00'),
	('01a21b2b-0abb-718e-9667-9a72bf1cb3ee', NULL, '2026-11-27 04:02:15.355+00'),
	('01a21b2b-0ac1-7250-966c-acc975f25a9b', 'Иван 11', '2026-11-27 04:02:15.361+00'),
	('01a21b2b-0ac6-75c0-b1b6-70dc1232ecfb', NULL, '2026-11-27 04:02:15.366+00'),
	('01a21b2b-0acc-748e-97b2-fbf3fc243f54', 'Иван 13', '2026-11-27 04:02:15.372+00'),
	('01a21b2b-0ad6-7129-bacc-7309f4eca89a', NULL, '2026-11-27 04:02:15.382+00'),
	('01a21b2b-0ae4-73d0-a62b-6f8b5049e5cd', 'Иван 15', '2026-11-27 04:02:15.396+00'),
	('01a21b2b-0af4-7022-a7fd-163cfd231c75', NULL, '2026-11-27 04:02:15.412+00'),
	('01a21b2b-0aff-7412-bc8e-ac52c462d7c2', 'Иван 17', '2026-11-27 04:02:15.423+00'),
	('01a21b2b-0b09-7713-ab88-00915a478ce0', NULL, '2026-11-27 04:02:15.433+00'),
	('01a21b2b-0b17-74bd-93ae-f0a6a113a076', 'Иван 19', '2026-11-27 04:02:15.447+00'),
	('01a21b2b-0b1e-743f-bb9f-42f8053b27e9', NULL, '2026-11-27 04:02:15.454+00'),
	('01a21b2b-0b24-73f2-bc5c-9f70dc9ed75a', 'Иван 21', '2026-11-27 04:02:15.46+00'),
	('01a21b2b-0b2a-77f2-9907-85ffb88dc08f', NULL, '2026-11-27 04:02:15.466+00'),
	('01a21b2b-0b30-7442-8687-f24463f8dc4c', 'Иван 23', '2026-11-27 04:02:15.472+00'),
	('01a21b2b-0c1b-711b-bd3a-f133acd0aa3a', 'Ann Lee', '2026-11-27 04:02:15.707+00'),
	('01a21b2b-0c23-7139-b6ac-80d50b842427', 'Ann Lee', '2026-11-27 04:02:15.715+00'),
	('01a21b2b-0c2d-71f1-9909-652eb61e0b0a', 'Ann Lee', '2026-11-27 04:02:15.725+00'),
	('01a21b2b-0c34-71d2-a4d0-91a46713b693', 'Ann Lee', '2026-11-27 04:02:15.732+00'),
	('01a21b2b-0c3e-74ca-a5b8-a553b50a0830', 'Ann Lee', '2026-11-27 04:02:15.742+00'),
	('01a21b2b-0c49-748d-be3c-5ae5e06a3e0e', 'Ann Lee', '2026-11-27 04:02:15.753+00'),
	('01a21b2b-0c50-70d7-b75b-3d8ec256b3a1', 'Ann Lee', '2026-11-27 04:02:15.76+00'),
	('01a21b2b-0c5b-7087-b3f5-e29b0127205e', 'Ann Lee', '2026-11-27 04:02:15.771+00'),
	('01a21b2b-0c63-732a-96fe-04755279c6fa', 'Ann Lee', '2026-11-27 04:02:15.779+00'),
	('01a21b2b-0c6c-711f-809f-7e292ae551da', 'Ann Lee', '2026-11-27 04:02:15.788+00'),
	('01a21b2b-0c75-7073-a697-1d1bc6297875', NULL, '2026-11-27 04:02:15.797+00'),
	('01a21b2b-0a0a-716c-b6af-0330d3764ce4', 'Мария', '2026-11-27 04:02:15.178+00'),
	('01a21b2b-0c87-7085-b7b0-de6800cf0841', NULL, '2026-11-27 04:02:15.815+00'),
	('01a21b2b-0d71-7749-8829-7774fa07dee1', NULL, '2026-11-27 04:02:16.049+00'),
	('01a21b2b-0d7b-7528-b3dc-7bafb1933119', NULL, '2026-11-27 04:02:16.059+00'),
	('01a21b2b-0d85-73ce-9284-b4d35c9bdb47', NULL, '2026-11-27 04:02:16.069+00'),
	('01a21b2b-0d92-77e8-9197-100b2833f56b', NULL, '2026-11-27 04:02:16.082+00'),
	('01a21b2b-0d9e-760f-9887-bbf3c1ca556c', NULL, '2026-11-27 04:02:16.094+00'),
	('01a21b2b-0da9-737e-9838-eb5d7ee6d5ec', NULL, '2026-11-27 04:02:16.105+00');
INSERT INTO public.lineups VALUES
	('\xad428ab116a6cf37f61f513c1ae5b764', '\x01a21b2b098170d88e53fec1fd9e49240a000000040000000101a21b2b099c7104bd82cb3ed766b3631e0000001e0000000101a21b2b09a4770eb4d9f656938f6dbf1e0000000500000001'),
	('\xd300fa659781303897dbf9b7e7347261', '\x01a21b2b098170d88e53fec1fd9e492401000000040000000101a21b2b09a4770eb4d9f656938f6dbf03000000050000000101a21b2b09a871a7aed9ca1d81df7daa000000000300000001'),
	('\x5a8acd0af785c1d4dd16fb80486c4847', '\x01a21b2b098170d88e53fec1fd9e49240a000000040000000101a21b2b099c7104bd82cb3ed766b36314000000010000000101a21b2b09a871a7aed9ca1d81df7daa050000000300000001');
INSERT INTO public.operators VALUES
	('01a21b2b-0981-70d8-8e53-fec1fd9e4924', 'Anna', true, 4, 4, '2026-11-27 04:02:15.041+00'),
	('01a21b2b-09a4-770e-b4d9-f656938f6dbf', 'Кирилл', false, 5, 5, '2026-11-27 04:02:15.076+00'),
	('01a21b2b-099c-7104-bd82-cb3ed766b363', 'Boris', true, 1, 9, '2026-11-27 04:02:15.068+00'),
	('01a21b2b-09a8-71a7-aed9-ca1d81df7daa', 'Dora', true, 3, 3, '2026-11-27 04:02:15.08+00');
INSERT INTO public.purged_assigned VALUES
	('telegram-sales', '01a21b2b-099c-7104-bd82-cb3ed766b363', 4),
	('telegram-sales', '01a21b2b-09a4-770e-b4d9-f656938f6dbf', 4),
	('telegram-sales', '01a21b2b-0981-70d8-8e53-fec1fd9e4924', 1);
INSERT INTO public.purged_registered VALUES
	('telegram-sales', 9);
INSERT INTO public.registered_counts VALUES
	('vk', 1, 498820, 3),
	('vk', 24, 498816, 3),
	('site.chat', 1, 498820, 11),
	('site.chat', 24, 498816, 11),
	('telegram-sales', 1, 498820, 30),
	('telegram-sales', 24, 498816, 30);
INSERT INTO public.sources VALUES
	('empty', 'empty', 'exact', 0, '2026-11-27 04:02:15.094+00', '\x'),
	('site.chat', 'site.chat', 'random', 6, '2026-11-27 04:02:15.088+00', '\x000000000000000000000000000000000000000000000000'),
	('vk', 'ВКонтакте', 'exact', 1, '2026-11-27 04:02:15.092+00', '\x'),
	('telegram-sales', 'Telegram, sales', 'exact', 5, '2026-11-27 04:02:15.083+00', '\x9b3bae3fc0ffffffecc5f3ec5500000079fe5dd3e9ffffff');
INSERT INTO public.transfers VALUES
	('01a21b2b-0c75-7073-a697-1d1aa5bafc33', 1, '2026-11-27 04:02:15.846+00', NULL, '01a21b2b-099c-7104-bd82-cb3ed766b363'),
	('01a21b2b-0c75-7073-a697-1d1aa5bafc33', 2, '2026-11-27 04:02:15.888+00', '01a21b2b-099c-7104-bd82-cb3ed766b363', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa'),
	('01a21b2b-0ab5-7663-9c17-897ac4fcfff5', 1, '2026-11-27 04:02:15.919+00', '01a21b2b-099c-7104-bd82-cb3ed766b363', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa'),
	('01a21b2b-0ac6-75c0-b1b6-70db64289609', 1, '2026-11-27 04:02:15.952+00', '01a21b2b-099c-7104-bd82-cb3ed766b363', '01a21b2b-09a8-71a7-aed9-ca1d81df7daa');
INSERT INTO public.write_lock VALUES
	(78);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT pk_allocations PRIMARY KEY (source_key, operator_id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (prefix);
ALTER TABLE ONLY public.assigned_counts
    ADD CONSTRAINT pk_assigned_counts PRIMARY KEY (source_key, hours, start, operator_id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT pk_contacts PRIMARY KEY (id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT pk_decisions PRIMARY KEY (contact_id);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (key);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT pk_identities PRIMARY KEY (key);
ALTER TABLE ONLY public.leads
    ADD CONSTRAINT pk_leads PRIMARY KEY (id);
ALTER TABLE ONLY public.lineups
    ADD CONSTRAINT pk_lineups PRIMARY KEY (digest);
ALTER TABLE ONLY public.operators
    ADD CONSTRAINT pk_operators PRIMARY KEY (id);
ALTER TABLE ONLY public.purged_assigned
    ADD CONSTRAINT pk_purged_assigned PRIMARY KEY (source_key, operator_id);
ALTER TABLE ONLY public.purged_registered
    ADD CONSTRAINT pk_purged_registered PRIMARY KEY (source_key);
ALTER TABLE ONLY public.registered_counts
    ADD CONSTRAINT pk_registered_counts PRIMARY KEY (source_key, hours, start);
ALTER TABLE ONLY public.sources
    ADD CONSTRAINT pk_sources PRIMARY KEY (key);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT pk_transfers PRIMARY KEY (contact_id, number);
CREATE INDEX ix_allocations_operator_id ON public.allocations USING btree (operator_id);
CREATE INDEX ix_audit_subject_id ON public.audit USING btree (subject, id);
CREATE INDEX ix_contacts_lead_id_id ON public.contacts USING btree (lead_id, id);
CREATE INDEX ix_contacts_operator_id_source_key_state_id ON public.contacts USING btree (operator_id, source_key, state, id);
CREATE INDEX ix_contacts_operator_id_state_id ON public.contacts USING btree (operator_id, state, id);
CREATE INDEX ix_contacts_source_key_state_id ON public.contacts USING btree (source_key, state, id);
CREATE INDEX ix_contacts_state_id ON public.contacts USING btree (state, id);
CREATE INDEX ix_idempotency_keys_contact_id ON public.idempotency_keys USING btree (contact_id);
CREATE INDEX ix_identities_lead_id ON public.identities USING btree (lead_id);
CREATE INDEX ix_leads_name_id ON public.leads USING btree (name, id) WHERE (name IS NOT NULL);
CREATE TRIGGER audit_refuses_change BEFORE DELETE OR UPDATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_audit();
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_operator_id FOREIGN KEY (operator_id) REFERENCES public.operators(id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.assigned_counts
    ADD CONSTRAINT fk_assigned_counts_operator_id FOREIGN KEY (operator_id) REFERENCES public.operators(id);
ALTER TABLE ONLY public.assigned_counts
    ADD CONSTRAINT fk_assigned_counts_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_lead_id FOREIGN KEY (lead_id) REFERENCES public.leads(id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_operator_id FOREIGN KEY (operator_id) REFERENCES public.operators(id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_lineup FOREIGN KEY (lineup) REFERENCES public.lineups(digest);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT fk_idempotency_keys_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT fk_identities_lead_id FOREIGN KEY (lead_id) REFERENCES public.leads(id);
ALTER TABLE ONLY public.purged_assigned
    ADD CONSTRAINT fk_purged_assigned_operator_id FOREIGN KEY (operator_id) REFERENCES public.operators(id);
ALTER TABLE ONLY public.purged_assigned
    ADD CONSTRAINT fk_purged_assigned_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.purged_registered
    ADD CONSTRAINT fk_purged_registered_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.registered_counts
    ADD CONSTRAINT fk_registered_counts_source_key FOREIGN KEY (source_key) REFERENCES public.sources(key);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT fk_transfers_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT fk_transfers_operator_id FOREIGN KEY (operator_id) REFERENCES public.operators(id);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT fk_transfers_previous_id FOREIGN KEY (previous_id) REFERENCES public.operators(id);
