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
CREATE TABLE public.due (
    kind character varying(32) NOT NULL,
    subject character varying(200) NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.ended_sessions (
    id text NOT NULL COLLATE pg_catalog."C",
    ends_at timestamp with time zone NOT NULL
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
CREATE TABLE public.lead_words (
    word text NOT NULL COLLATE pg_catalog."C",
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
    key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
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
CREATE TABLE public.unread_identities (
    contact_id uuid NOT NULL,
    kind character varying(32) NOT NULL,
    value text NOT NULL,
    reason text NOT NULL
);
CREATE TABLE public.write_lock (
    version bigint NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0013');
INSERT INTO public.allocations VALUES ('site.chat', '01a21f82-bfee-7019-aa5b-89778d031e44', 1);
INSERT INTO public.allocations VALUES ('site.chat', '01a21f82-bff5-70a4-9485-126e6c29af26', 3);
INSERT INTO public.allocations VALUES ('site.chat', '01a21f82-bff7-7661-8964-cf3906f6ef26', 0);
INSERT INTO public.allocations VALUES ('telegram-sales', '01a21f82-bfee-7019-aa5b-89778d031e44', 10);
INSERT INTO public.allocations VALUES ('telegram-sales', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 20);
INSERT INTO public.allocations VALUES ('telegram-sales', '01a21f82-bff7-7661-8964-cf3906f6ef26', 5);
INSERT INTO public.api_keys VALUES ('flk_xdhyl9dkd0', '\xd9a4a4da7396b7ec84e3b3925dfa3681b3462b856b155141f73c26c645f62a71', 'intake', '2026-11-28 00:16:32.468+00', 'bot', 'telegram-sales', '2099-01-01 00:00:00+00', NULL);
INSERT INTO public.api_keys VALUES ('flk_qwgmq9f9nc', '\xdb0ba28afdf3c29943c8d366e28fec1d9b74f50e82bebcbccca4f70baa5ecacd', 'admin', '2026-11-28 00:16:32.464+00', 'Anna', NULL, NULL, '2026-11-28 00:16:32.471+00');
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 1, 498840, '01a21f82-bff5-70a4-9485-126e6c29af26', 5);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 24, 498840, '01a21f82-bff5-70a4-9485-126e6c29af26', 5);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 1, 498840, '01a21f82-bfee-7019-aa5b-89778d031e44', 4);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 24, 498840, '01a21f82-bfee-7019-aa5b-89778d031e44', 4);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 1, 498840, '01a21f82-bff3-77b2-87c0-52d89702c8fb', 15);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 24, 498840, '01a21f82-bff3-77b2-87c0-52d89702c8fb', 15);
INSERT INTO public.assigned_counts VALUES ('site.chat', 1, 498840, '01a21f82-bfee-7019-aa5b-89778d031e44', 1);
INSERT INTO public.assigned_counts VALUES ('site.chat', 24, 498840, '01a21f82-bfee-7019-aa5b-89778d031e44', 1);
INSERT INTO public.assigned_counts VALUES ('site.chat', 1, 498840, '01a21f82-bff5-70a4-9485-126e6c29af26', 4);
INSERT INTO public.assigned_counts VALUES ('site.chat', 24, 498840, '01a21f82-bff5-70a4-9485-126e6c29af26', 4);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 1, 498840, '01a21f82-bff7-7661-8964-cf3906f6ef26', 1);
INSERT INTO public.assigned_counts VALUES ('telegram-sales', 24, 498840, '01a21f82-bff7-7661-8964-cf3906f6ef26', 1);
INSERT INTO public.audit VALUES ('01a21f82-bff0-72cb-9fe4-3e44e6b4901b', '2026-11-28 00:16:32.24+00', 'script', 'operator_created', '01a21f82-bfee-7019-aa5b-89778d031e44', NULL, '{"key": "anna", "name": "Anna", "capacity": 4, "active": true}');
INSERT INTO public.audit VALUES ('01a21f82-bff4-7386-9207-f4ed7c4b9551', '2026-11-28 00:16:32.244+00', 'script', 'operator_created', '01a21f82-bff3-77b2-87c0-52d89702c8fb', NULL, '{"key": "boris", "name": "Boris", "capacity": 30, "active": true}');
INSERT INTO public.audit VALUES ('01a21f82-bff6-7310-84e7-0cba7da10f5c', '2026-11-28 00:16:32.246+00', 'script', 'operator_created', '01a21f82-bff5-70a4-9485-126e6c29af26', NULL, '{"key": "kirill", "name": "Кирилл", "capacity": 5, "active": true}');
INSERT INTO public.audit VALUES ('01a21f82-bff7-7661-8964-cf3a476f584d', '2026-11-28 00:16:32.247+00', 'script', 'operator_created', '01a21f82-bff7-7661-8964-cf3906f6ef26', NULL, '{"key": "dora", "name": "Dora", "capacity": 3, "active": true}');
INSERT INTO public.audit VALUES ('01a21f82-bffc-713b-be4b-4abf2d4ecfb2', '2026-11-28 00:16:32.252+00', 'script', 'source_created', 'telegram-sales', NULL, '{"name": "Telegram, sales", "strategy": "exact"}');
INSERT INTO public.audit VALUES ('01a21f82-bfff-72bc-b279-683d095fd360', '2026-11-28 00:16:32.255+00', 'script', 'source_created', 'site.chat', NULL, '{"name": "site.chat", "strategy": "random"}');
INSERT INTO public.audit VALUES ('01a21f82-c002-7641-a016-234a37b1dde2', '2026-11-28 00:16:32.258+00', 'script', 'source_created', 'vk', NULL, '{"name": "vk", "strategy": "exact"}');
INSERT INTO public.audit VALUES ('01a21f82-c003-720c-89eb-c018c5d22cbb', '2026-11-28 00:16:32.259+00', 'script', 'source_created', 'empty', NULL, '{"name": "empty", "strategy": "exact"}');
INSERT INTO public.audit VALUES ('01a21f82-c005-7189-b206-dc29d9c114b1', '2026-11-28 00:16:32.261+00', 'script', 'allocations_replaced', 'telegram-sales', '{}', '{"01a21f82-bfee-7019-aa5b-89778d031e44": 10, "01a21f82-bff3-77b2-87c0-52d89702c8fb": 30, "01a21f82-bff5-70a4-9485-126e6c29af26": 30}');
INSERT INTO public.audit VALUES ('01a21f82-c008-7727-8e02-57bbbcc998f7', '2026-11-28 00:16:32.264+00', 'script', 'allocations_replaced', 'site.chat', '{}', '{"01a21f82-bfee-7019-aa5b-89778d031e44": 1, "01a21f82-bff5-70a4-9485-126e6c29af26": 3, "01a21f82-bff7-7661-8964-cf3906f6ef26": 0}');
INSERT INTO public.audit VALUES ('01a21f82-c079-75c4-88a8-37440ac8c985', '2026-11-28 00:16:32.377+00', 'script', 'contacts_purged', '2026-11-28T00:16:32.361230+00:00', NULL, '{"removed": 9}');
INSERT INTO public.audit VALUES ('01a21f82-c09d-764c-acc2-96a2e822b82f', '2026-11-28 00:16:32.413+00', 'script', 'contact_transferred', '01a21f82-c08e-7142-8eb1-0930030265f7', '{"operator_id": null}', '{"operator_id": "01a21f82-bff3-77b2-87c0-52d89702c8fb"}');
INSERT INTO public.audit VALUES ('01a21f82-c0a7-7203-b03a-d5cb12b974b5', '2026-11-28 00:16:32.423+00', 'script', 'contact_transferred', '01a21f82-c08e-7142-8eb1-0930030265f7', '{"operator_id": "01a21f82-bff3-77b2-87c0-52d89702c8fb"}', '{"operator_id": "01a21f82-bff7-7661-8964-cf3906f6ef26"}');
INSERT INTO public.audit VALUES ('01a21f82-c0ae-75cf-a4a4-64797daba8a6', '2026-11-28 00:16:32.43+00', 'script', 'contact_transferred', '01a21f82-c038-72ea-9ee6-8fe4dd529e3b', '{"operator_id": "01a21f82-bff3-77b2-87c0-52d89702c8fb"}', '{"operator_id": "01a21f82-bff7-7661-8964-cf3906f6ef26"}');
INSERT INTO public.audit VALUES ('01a21f82-c0b5-7208-85df-f3aee50ce146', '2026-11-28 00:16:32.437+00', 'script', 'contact_transferred', '01a21f82-c03f-7045-bcc1-24a5433a2e93', '{"operator_id": "01a21f82-bff3-77b2-87c0-52d89702c8fb"}', '{"operator_id": "01a21f82-bff7-7661-8964-cf3906f6ef26"}');
INSERT INTO public.audit VALUES ('01a21f82-c0ba-759d-9471-285c475aec14', '2026-11-28 00:16:32.442+00', 'script', 'operator_changed', '01a21f82-bff5-70a4-9485-126e6c29af26', '{"active": true}', '{"active": false}');
INSERT INTO public.audit VALUES ('01a21f82-c0bc-7780-b6b8-e9c099bd23e5', '2026-11-28 00:16:32.444+00', 'script', 'operator_changed', '01a21f82-bff3-77b2-87c0-52d89702c8fb', '{"capacity": 30}', '{"capacity": 1}');
INSERT INTO public.audit VALUES ('01a21f82-c0bd-7794-979c-5eab4da09745', '2026-11-28 00:16:32.445+00', 'script', 'source_changed', 'vk', '{"name": "vk"}', '{"name": "ВКонтакте"}');
INSERT INTO public.audit VALUES ('01a21f82-c0bf-7074-ae15-95db5e8020f0', '2026-11-28 00:16:32.447+00', 'script', 'allocations_replaced', 'telegram-sales', '{"01a21f82-bff3-77b2-87c0-52d89702c8fb": 30, "01a21f82-bff5-70a4-9485-126e6c29af26": 30}', '{"01a21f82-bff3-77b2-87c0-52d89702c8fb": 20, "01a21f82-bff7-7661-8964-cf3906f6ef26": 5}');
INSERT INTO public.audit VALUES ('01a21f82-c0cf-77c0-b4c7-e2da027736f9', '2026-11-28 00:16:32.463+00', 'script', 'lead_erased', '01a21f82-c03f-7045-bcc1-24a62f1ee587', NULL, NULL);
INSERT INTO public.audit VALUES ('01a21f82-c0d3-768a-b8e7-b35de361f2dd', '2026-11-28 00:16:32.467+00', 'script', 'key_created', 'flk_qwgmq9f9nc', NULL, '{"role": "admin", "name": "Anna", "source": null, "expires_at": null}');
INSERT INTO public.audit VALUES ('01a21f82-c0d5-746b-b332-0dc3e91a24b2', '2026-11-28 00:16:32.469+00', 'script', 'key_created', 'flk_xdhyl9dkd0', NULL, '{"role": "intake", "name": "bot", "source": "telegram-sales", "expires_at": "2099-01-01T00:00:00+00:00"}');
INSERT INTO public.audit VALUES ('01a21f82-c0d7-7747-8d3b-a5045845e70c', '2026-11-28 00:16:32.471+00', 'script', 'key_revoked', 'flk_qwgmq9f9nc', '{"revoked_at": null}', '{"revoked_at": "2026-11-28T00:16:32.471000+00:00"}');
INSERT INTO public.contacts VALUES ('01a21f82-c03a-751b-9806-1759896bd71d', 'telegram-sales', '01a21f82-c03a-751b-9806-175a4c4f6431', '01a21f82-bff5-70a4-9485-126e6c29af26', 1, true, NULL, '{"text":"Есть в наличии?","number":10}', '2026-11-28 00:16:32.314+00', '2026-11-28 00:16:32.314+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c03c-766b-9957-c9c43ba78713', 'telegram-sales', '01a21f82-c03c-766b-9957-c9c5df40a88a', '01a21f82-bfee-7019-aa5b-89778d031e44', 1, true, NULL, '{"text":"Есть в наличии?","number":11}', '2026-11-28 00:16:32.316+00', '2026-11-28 00:16:32.316+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c041-75a4-975d-30e33cd20e32', 'telegram-sales', '01a21f82-c041-75a4-975d-30e465cf7694', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":13}', '2026-11-28 00:16:32.321+00', '2026-11-28 00:16:32.321+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c043-70ae-9ab9-78895d92c47d', 'telegram-sales', '01a21f82-c043-70ae-9ab9-788aec446f3b', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":14}', '2026-11-28 00:16:32.323+00', '2026-11-28 00:16:32.323+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c045-771a-a35f-113a23a43176', 'telegram-sales', '01a21f82-c045-771a-a35f-113bd6aa9e7c', '01a21f82-bfee-7019-aa5b-89778d031e44', 1, true, NULL, '{"text":"Есть в наличии?","number":15}', '2026-11-28 00:16:32.325+00', '2026-11-28 00:16:32.325+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c047-715e-b3c9-48bc39bef496', 'telegram-sales', '01a21f82-c047-715e-b3c9-48bdf5cbb473', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":16}', '2026-11-28 00:16:32.327+00', '2026-11-28 00:16:32.327+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c04a-73f0-8b32-99ef7a44cbe5', 'telegram-sales', '01a21f82-c04a-73f0-8b32-99f03a05ad05', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":17}', '2026-11-28 00:16:32.33+00', '2026-11-28 00:16:32.33+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c04c-749c-855d-3d50ab8d5420', 'telegram-sales', '01a21f82-c04c-749c-855d-3d51d2f7be29', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":18}', '2026-11-28 00:16:32.332+00', '2026-11-28 00:16:32.332+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c04f-71fc-8f1a-ffe2eb7533f9', 'telegram-sales', '01a21f82-c04f-71fc-8f1a-ffe3c4422057', '01a21f82-bfee-7019-aa5b-89778d031e44', 1, true, NULL, '{"text":"Есть в наличии?","number":19}', '2026-11-28 00:16:32.335+00', '2026-11-28 00:16:32.335+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c051-72dd-bfc9-ca3c4c66f28b', 'telegram-sales', '01a21f82-c051-72dd-bfc9-ca3d570e812a', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":20}', '2026-11-28 00:16:32.337+00', '2026-11-28 00:16:32.337+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c053-760f-bd1b-41c06b5d4afc', 'telegram-sales', '01a21f82-c053-760f-bd1b-41c1aa7dff5b', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":21}', '2026-11-28 00:16:32.339+00', '2026-11-28 00:16:32.339+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c055-76ad-8ec3-894f6a9aaa80', 'telegram-sales', '01a21f82-c055-76ad-8ec3-8950d7728596', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":22}', '2026-11-28 00:16:32.341+00', '2026-11-28 00:16:32.341+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c057-7243-9a04-b6b30fcfd3d7', 'telegram-sales', '01a21f82-c057-7243-9a04-b6b44eeb7613', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 1, true, NULL, '{"text":"Есть в наличии?","number":23}', '2026-11-28 00:16:32.343+00', '2026-11-28 00:16:32.343+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c07a-72bd-bf97-1ec0e34a3f18', 'site.chat', '01a21f82-c07a-72bd-bf97-1ec131656553', '01a21f82-bff5-70a4-9485-126e6c29af26', 1, true, NULL, NULL, '2026-11-28 00:16:32.378+00', '2026-11-28 00:16:32.378+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c07d-701d-be5a-51163df3bb29', 'site.chat', '01a21f82-c07d-701d-be5a-511757080f57', '01a21f82-bff5-70a4-9485-126e6c29af26', 1, true, NULL, NULL, '2026-11-28 00:16:32.381+00', '2026-11-28 00:16:32.381+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c07f-7579-826f-04c7c924571b', 'site.chat', '01a21f82-c07f-7579-826f-04c8e84c97c5', '01a21f82-bfee-7019-aa5b-89778d031e44', 1, true, NULL, NULL, '2026-11-28 00:16:32.383+00', '2026-11-28 00:16:32.383+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c081-7040-a723-23cd14f6f0c6', 'site.chat', '01a21f82-c081-7040-a723-23ce227ccb57', '01a21f82-bff5-70a4-9485-126e6c29af26', 1, true, NULL, NULL, '2026-11-28 00:16:32.385+00', '2026-11-28 00:16:32.385+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c083-71b0-a1dd-d88a7f4fe6c2', 'site.chat', '01a21f82-c083-71b0-a1dd-d88bb892c787', '01a21f82-bff5-70a4-9485-126e6c29af26', 1, true, NULL, NULL, '2026-11-28 00:16:32.387+00', '2026-11-28 00:16:32.387+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c085-76a6-9a0c-989d57ed9b49', 'site.chat', '01a21f82-c085-76a6-9a0c-989e77b43514', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.389+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c087-7479-b74e-8a1d163cb1d0', 'site.chat', '01a21f82-c087-7479-b74e-8a1e0804f4e7', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.391+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c089-7137-abce-f76beab7b636', 'site.chat', '01a21f82-c089-7137-abce-f76cd1982dae', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.393+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c08b-766e-8f66-196ce35d90cc', 'site.chat', '01a21f82-c08b-766e-8f66-196dd5561413', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.395+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c08c-754e-a284-473679e4e836', 'site.chat', '01a21f82-c08c-754e-a284-4737d29ff2bb', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.396+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c094-77f0-8013-cf8f8f7d921e', 'vk', '01a21f82-c094-77f0-8013-cf90853752eb', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.404+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c096-772f-9bc9-0576034b2a29', 'site.chat', '01a21f82-c01b-76ee-bfc6-76fa0efb8235', NULL, 0, false, '\x01a21f82c07d701dbe5a511757080f57', NULL, '2026-11-28 00:16:32.406+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c08e-7142-8eb1-0930030265f7', 'vk', '01a21f82-c08e-7142-8eb1-09314c7db893', '01a21f82-bff7-7661-8964-cf3906f6ef26', 1, true, NULL, NULL, '2026-11-28 00:16:32.398+00', '2026-11-28 00:16:32.413+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c038-72ea-9ee6-8fe4dd529e3b', 'telegram-sales', '01a21f82-c038-72ea-9ee6-8fe5cb836dd3', '01a21f82-bff7-7661-8964-cf3906f6ef26', 1, true, NULL, '{"text":"Есть в наличии?","number":9}', '2026-11-28 00:16:32.312+00', '2026-11-28 00:16:32.312+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c090-75dd-99cd-2d4b0decc9e2', 'vk', '01a21f82-c00d-775f-b433-09592913e918', NULL, 2, false, NULL, NULL, '2026-11-28 00:16:32.4+00', NULL, '2026-11-28 00:16:32.441+00');
INSERT INTO public.contacts VALUES ('01a21f82-c0c1-75bf-9062-37bc2d1c98e6', 'telegram-sales', '01a21f82-c0c1-75bf-9062-37bd1b1d4453', '01a21f82-bff7-7661-8964-cf3906f6ef26', 1, true, NULL, NULL, '2026-11-28 00:16:32.449+00', '2026-11-28 00:16:32.449+00', NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c0c3-72f4-8f42-0dee9933a214', 'telegram-sales', '01a21f82-c0c3-72f4-8f42-0def92f8adfe', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.451+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c0c5-758f-8415-2d2f2a9aa03c', 'telegram-sales', '01a21f82-c0c5-758f-8415-2d30e1944520', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.453+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c0c7-7257-b1da-57912dd258d1', 'telegram-sales', '01a21f82-c0c7-7257-b1da-5792a41bf832', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.455+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c0c8-73a0-a8e8-7373040b5f2a', 'telegram-sales', '01a21f82-c0c8-73a0-a8e8-737406e4cf04', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.456+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c0ca-75b2-b9bc-d68e9ea5c4bd', 'telegram-sales', '01a21f82-c0ca-75b2-b9bc-d68f9456fc9e', NULL, 0, true, NULL, NULL, '2026-11-28 00:16:32.458+00', NULL, NULL);
INSERT INTO public.contacts VALUES ('01a21f82-c03f-7045-bcc1-24a5433a2e93', 'telegram-sales', '01a21f82-c03f-7045-bcc1-24a62f1ee587', '01a21f82-bff7-7661-8964-cf3906f6ef26', 2, true, NULL, NULL, '2026-11-28 00:16:32.319+00', '2026-11-28 00:16:32.319+00', '2026-11-28 00:16:32.44+00');
INSERT INTO public.decisions VALUES ('01a21f82-c038-72ea-9ee6-8fe4dd529e3b', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff0000040000000400000001000000bcfd0cbddeffffffb3fd0cbddeffffff9104e68542000000');
INSERT INTO public.decisions VALUES ('01a21f82-c03a-751b-9806-1759896bd71d', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff010005000000040000000100000098f440b159ffffff8e04e68542000000da06d9c863000000');
INSERT INTO public.decisions VALUES ('01a21f82-c03c-766b-9957-c9c43ba78713', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff020005000000050000000100000074fb197abdffffff69fb197abdffffff2309cc0b85000000');
INSERT INTO public.decisions VALUES ('01a21f82-c03f-7045-bcc1-24a5433a2e93', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff000005000000050000000200000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c041-75a4-975d-30e33cd20e32', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff000006000000050000000200000074836ce43100000069fb197abdffffff238179a110000000');
INSERT INTO public.decisions VALUES ('01a21f82-c043-70ae-9ab9-78895d92c47d', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff0000070000000500000002000000743f43aff7ffffff69fb197abdffffff23c5a2d64a000000');
INSERT INTO public.decisions VALUES ('01a21f82-c045-771a-a35f-113a23a43176', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff020008000000050000000200000074fb197abdffffff69fb197abdffffff2309cc0b85000000');
INSERT INTO public.decisions VALUES ('01a21f82-c047-715e-b3c9-48bc39bef496', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff000008000000050000000300000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c04a-73f0-8b32-99ef7a44cbe5', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff000009000000050000000300000074836ce43100000069fb197abdffffff238179a110000000');
INSERT INTO public.decisions VALUES ('01a21f82-c04c-749c-855d-3d50ab8d5420', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff00000a0000000500000003000000743f43aff7ffffff69fb197abdffffff23c5a2d64a000000');
INSERT INTO public.decisions VALUES ('01a21f82-c04f-71fc-8f1a-ffe2eb7533f9', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff02000b000000050000000300000074fb197abdffffff69fb197abdffffff2309cc0b85000000');
INSERT INTO public.decisions VALUES ('01a21f82-c051-72dd-bfc9-ca3c4c66f28b', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff00000b000000050000000400000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c053-760f-bd1b-41c06b5d4afc', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff00000c000000050000000400000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c055-76ad-8ec3-894f6a9aaa80', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff00000d000000050000000400000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c057-7243-9a04-b6b30fcfd3d7', '\x53bc6c043281f4c8723cc67777febd7b', '\x0100ffffffffffffffff00000e000000050000000400000074c795196c00000069fb197abdffffff233d506cd6ffffff');
INSERT INTO public.decisions VALUES ('01a21f82-c07a-72bd-bf97-1ec0e34a3f18', '\x9e425406c16aae64fdcb4ed4df3ec962', '\x01018c68a3fc163008000200000000000300000001000000000000000000000000000000000000000000000000000000');
INSERT INTO public.decisions VALUES ('01a21f82-c07d-701d-be5a-51163df3bb29', '\x9e425406c16aae64fdcb4ed4df3ec962', '\x0101a8f82a5f984f0f000200000000000300000002000000000000000000000000000000000000000000000000000000');
INSERT INTO public.decisions VALUES ('01a21f82-c07f-7579-826f-04c7c924571b', '\x9e425406c16aae64fdcb4ed4df3ec962', '\x010183ba0c4aa3a003000100000000000300000003000000000000000000000000000000000000000000000000000000');
INSERT INTO public.decisions VALUES ('01a21f82-c081-7040-a723-23cd14f6f0c6', '\x9e425406c16aae64fdcb4ed4df3ec962', '\x010196f4cea157e515000200000000000400000003000000000000000000000000000000000000000000000000000000');
INSERT INTO public.decisions VALUES ('01a21f82-c083-71b0-a1dd-d88a7f4fe6c2', '\x9e425406c16aae64fdcb4ed4df3ec962', '\x0101359e038616db08000200000000000400000004000000000000000000000000000000000000000000000000000000');
INSERT INTO public.decisions VALUES ('01a21f82-c0c1-75bf-9062-37bc2d1c98e6', '\xdbc4294961b348b94d34b6d551f6cc53', '\x0100ffffffffffffffff000002000000090000000400000079fe5dd3e9ffffffecc5f3ec550000009b3bae3fc0ffffff');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-9', '01a21f82-c038-72ea-9ee6-8fe4dd529e3b', '\xfccb78e8400c11056ddf4e1a70de00e4fc1f3c4a6e7d87068e3632bf60885edf');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-10', '01a21f82-c03a-751b-9806-1759896bd71d', '\xede5cd340c7c316dff3b25e2721c067c6c90b803a90cc4362f2d36c895ad711d');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-11', '01a21f82-c03c-766b-9957-c9c43ba78713', '\xcb7e291a784e17ab0b6c167180ec49403742d8e571d454262376ca89d865886f');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-13', '01a21f82-c041-75a4-975d-30e33cd20e32', '\xbabddff4645e4d286b2c97694678c0ed75afa8946e33ba78e1a1788c0fadca07');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-14', '01a21f82-c043-70ae-9ab9-78895d92c47d', '\xd56a000485d5bcfff6cb746da20711d6294fe83b225f8f3cdd3ba87fe5783493');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-15', '01a21f82-c045-771a-a35f-113a23a43176', '\x665f0b4bd3cfd79a6cfb655df2480e1ae8870e64b2810b89108262ea10fde5e8');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-16', '01a21f82-c047-715e-b3c9-48bc39bef496', '\x06c3e0f910ace50ef3e0db743102574c34106d163e82da86a3ce903f1dac7e77');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-17', '01a21f82-c04a-73f0-8b32-99ef7a44cbe5', '\xb88236d2b70a725b1df062a51434eb95c2acf4a3d1058074026ffa7cc19944b5');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-18', '01a21f82-c04c-749c-855d-3d50ab8d5420', '\xb92b9578dc984f28c58b384b90d8355cc03645b746f3cd4d8faaa38d29d667c6');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-19', '01a21f82-c04f-71fc-8f1a-ffe2eb7533f9', '\xc9fe74b2fc448c71a4f8aa5ee1120fcd1f95973d4ae18717e6e57279705d219f');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-20', '01a21f82-c051-72dd-bfc9-ca3c4c66f28b', '\x4d43ba304ac5878c5437f18e2f61aceb9508801e10d4a88cfdfc87f5cdf32528');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-21', '01a21f82-c053-760f-bd1b-41c06b5d4afc', '\xc462de3178aab66d2affee0b67d9c56a6e2372036f568942917ba97362b5c1e2');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-22', '01a21f82-c055-76ad-8ec3-894f6a9aaa80', '\x01316c8e43a32097ca70cbe1582469d25ce785947d4a0e2c9d20d9142274bdc4');
INSERT INTO public.idempotency_keys VALUES ('telegram-sales:message-23', '01a21f82-c057-7243-9a04-b6b30fcfd3d7', '\xc65e0930c643ce581ef4b5ac7a3703d2d73a1ede50311d5f8e0ad4408321dd0c');
INSERT INTO public.identities VALUES ('phone:+79161234500', '01a21f82-c00d-775f-b433-09592913e918');
INSERT INTO public.identities VALUES ('telegram:user0', '01a21f82-c00d-775f-b433-09592913e918');
INSERT INTO public.identities VALUES ('phone:+79161234501', '01a21f82-c01b-76ee-bfc6-76fa0efb8235');
INSERT INTO public.identities VALUES ('telegram:user1', '01a21f82-c01b-76ee-bfc6-76fa0efb8235');
INSERT INTO public.identities VALUES ('phone:+79161234502', '01a21f82-c01f-7273-8276-9de7221388bf');
INSERT INTO public.identities VALUES ('telegram:user2', '01a21f82-c01f-7273-8276-9de7221388bf');
INSERT INTO public.identities VALUES ('phone:+79161234503', '01a21f82-c023-71df-93f2-f62a5b57bab0');
INSERT INTO public.identities VALUES ('telegram:user3', '01a21f82-c023-71df-93f2-f62a5b57bab0');
INSERT INTO public.identities VALUES ('phone:+79161234504', '01a21f82-c026-7653-b881-c85403142fe8');
INSERT INTO public.identities VALUES ('telegram:user4', '01a21f82-c026-7653-b881-c85403142fe8');
INSERT INTO public.identities VALUES ('phone:+79161234505', '01a21f82-c029-7613-900e-26fb1de00827');
INSERT INTO public.identities VALUES ('telegram:user5', '01a21f82-c029-7613-900e-26fb1de00827');
INSERT INTO public.identities VALUES ('phone:+79161234506', '01a21f82-c02d-72d7-8cb6-98c551f14561');
INSERT INTO public.identities VALUES ('telegram:user6', '01a21f82-c02d-72d7-8cb6-98c551f14561');
INSERT INTO public.identities VALUES ('phone:+79161234507', '01a21f82-c033-7744-a734-c00384fa4f0e');
INSERT INTO public.identities VALUES ('telegram:user7', '01a21f82-c033-7744-a734-c00384fa4f0e');
INSERT INTO public.identities VALUES ('phone:+79161234508', '01a21f82-c036-7594-b4c8-2e17b7d7459b');
INSERT INTO public.identities VALUES ('telegram:user8', '01a21f82-c036-7594-b4c8-2e17b7d7459b');
INSERT INTO public.identities VALUES ('phone:+79161234509', '01a21f82-c038-72ea-9ee6-8fe5cb836dd3');
INSERT INTO public.identities VALUES ('telegram:user9', '01a21f82-c038-72ea-9ee6-8fe5cb836dd3');
INSERT INTO public.identities VALUES ('phone:+79161234510', '01a21f82-c03a-751b-9806-175a4c4f6431');
INSERT INTO public.identities VALUES ('telegram:user10', '01a21f82-c03a-751b-9806-175a4c4f6431');
INSERT INTO public.identities VALUES ('phone:+79161234511', '01a21f82-c03c-766b-9957-c9c5df40a88a');
INSERT INTO public.identities VALUES ('telegram:user11', '01a21f82-c03c-766b-9957-c9c5df40a88a');
INSERT INTO public.identities VALUES ('phone:+79161234513', '01a21f82-c041-75a4-975d-30e465cf7694');
INSERT INTO public.identities VALUES ('telegram:user13', '01a21f82-c041-75a4-975d-30e465cf7694');
INSERT INTO public.identities VALUES ('phone:+79161234514', '01a21f82-c043-70ae-9ab9-788aec446f3b');
INSERT INTO public.identities VALUES ('telegram:user14', '01a21f82-c043-70ae-9ab9-788aec446f3b');
INSERT INTO public.identities VALUES ('phone:+79161234515', '01a21f82-c045-771a-a35f-113bd6aa9e7c');
INSERT INTO public.identities VALUES ('telegram:user15', '01a21f82-c045-771a-a35f-113bd6aa9e7c');
INSERT INTO public.identities VALUES ('phone:+79161234516', '01a21f82-c047-715e-b3c9-48bdf5cbb473');
INSERT INTO public.identities VALUES ('telegram:user16', '01a21f82-c047-715e-b3c9-48bdf5cbb473');
INSERT INTO public.identities VALUES ('phone:+79161234517', '01a21f82-c04a-73f0-8b32-99f03a05ad05');
INSERT INTO public.identities VALUES ('telegram:user17', '01a21f82-c04a-73f0-8b32-99f03a05ad05');
INSERT INTO public.identities VALUES ('phone:+79161234518', '01a21f82-c04c-749c-855d-3d51d2f7be29');
INSERT INTO public.identities VALUES ('telegram:user18', '01a21f82-c04c-749c-855d-3d51d2f7be29');
INSERT INTO public.identities VALUES ('phone:+79161234519', '01a21f82-c04f-71fc-8f1a-ffe3c4422057');
INSERT INTO public.identities VALUES ('telegram:user19', '01a21f82-c04f-71fc-8f1a-ffe3c4422057');
INSERT INTO public.identities VALUES ('phone:+79161234520', '01a21f82-c051-72dd-bfc9-ca3d570e812a');
INSERT INTO public.identities VALUES ('telegram:user20', '01a21f82-c051-72dd-bfc9-ca3d570e812a');
INSERT INTO public.identities VALUES ('phone:+79161234521', '01a21f82-c053-760f-bd1b-41c1aa7dff5b');
INSERT INTO public.identities VALUES ('telegram:user21', '01a21f82-c053-760f-bd1b-41c1aa7dff5b');
INSERT INTO public.identities VALUES ('phone:+79161234522', '01a21f82-c055-76ad-8ec3-8950d7728596');
INSERT INTO public.identities VALUES ('telegram:user22', '01a21f82-c055-76ad-8ec3-8950d7728596');
INSERT INTO public.identities VALUES ('phone:+79161234523', '01a21f82-c057-7243-9a04-b6b44eeb7613');
INSERT INTO public.identities VALUES ('telegram:user23', '01a21f82-c057-7243-9a04-b6b44eeb7613');
INSERT INTO public.identities VALUES ('email:ann+0@example.com', '01a21f82-c07a-72bd-bf97-1ec131656553');
INSERT INTO public.identities VALUES ('email:ann+1@example.com', '01a21f82-c07d-701d-be5a-511757080f57');
INSERT INTO public.identities VALUES ('email:ann+2@example.com', '01a21f82-c07f-7579-826f-04c8e84c97c5');
INSERT INTO public.identities VALUES ('email:ann+3@example.com', '01a21f82-c081-7040-a723-23ce227ccb57');
INSERT INTO public.identities VALUES ('email:ann+4@example.com', '01a21f82-c083-71b0-a1dd-d88bb892c787');
INSERT INTO public.identities VALUES ('email:ann+5@example.com', '01a21f82-c085-76a6-9a0c-989e77b43514');
INSERT INTO public.identities VALUES ('email:ann+6@example.com', '01a21f82-c087-7479-b74e-8a1e0804f4e7');
INSERT INTO public.identities VALUES ('email:ann+7@example.com', '01a21f82-c089-7137-abce-f76cd1982dae');
INSERT INTO public.identities VALUES ('email:ann+8@example.com', '01a21f82-c08b-766e-8f66-196dd5561413');
INSERT INTO public.identities VALUES ('email:ann+9@example.com', '01a21f82-c08c-754e-a284-4737d29ff2bb');
INSERT INTO public.identities VALUES ('vk:id1', '01a21f82-c08e-7142-8eb1-09314c7db893');
INSERT INTO public.identities VALUES ('vk:id2', '01a21f82-c00d-775f-b433-09592913e918');
INSERT INTO public.identities VALUES ('external_id:550e8400-e29b-41d4-a716-446655440000', '01a21f82-c094-77f0-8013-cf90853752eb');
INSERT INTO public.identities VALUES ('external_id:crm-7', '01a21f82-c01b-76ee-bfc6-76fa0efb8235');
INSERT INTO public.identities VALUES ('telegram:late0', '01a21f82-c0c1-75bf-9062-37bd1b1d4453');
INSERT INTO public.identities VALUES ('telegram:late1', '01a21f82-c0c3-72f4-8f42-0def92f8adfe');
INSERT INTO public.identities VALUES ('telegram:late2', '01a21f82-c0c5-758f-8415-2d30e1944520');
INSERT INTO public.identities VALUES ('telegram:late3', '01a21f82-c0c7-7257-b1da-5792a41bf832');
INSERT INTO public.identities VALUES ('telegram:late4', '01a21f82-c0c8-73a0-a8e8-737406e4cf04');
INSERT INTO public.identities VALUES ('telegram:late5', '01a21f82-c0ca-75b2-b9bc-d68f9456fc9e');
INSERT INTO public.lead_words VALUES ('1', '01a21f82-c01b-76ee-bfc6-76fa0efb8235');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c01b-76ee-bfc6-76fa0efb8235');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c023-71df-93f2-f62a5b57bab0');
INSERT INTO public.lead_words VALUES ('3', '01a21f82-c023-71df-93f2-f62a5b57bab0');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c029-7613-900e-26fb1de00827');
INSERT INTO public.lead_words VALUES ('5', '01a21f82-c029-7613-900e-26fb1de00827');
INSERT INTO public.lead_words VALUES ('7', '01a21f82-c033-7744-a734-c00384fa4f0e');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c033-7744-a734-c00384fa4f0e');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c038-72ea-9ee6-8fe5cb836dd3');
INSERT INTO public.lead_words VALUES ('9', '01a21f82-c038-72ea-9ee6-8fe5cb836dd3');
INSERT INTO public.lead_words VALUES ('11', '01a21f82-c03c-766b-9957-c9c5df40a88a');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c03c-766b-9957-c9c5df40a88a');
INSERT INTO public.lead_words VALUES ('13', '01a21f82-c041-75a4-975d-30e465cf7694');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c041-75a4-975d-30e465cf7694');
INSERT INTO public.lead_words VALUES ('15', '01a21f82-c045-771a-a35f-113bd6aa9e7c');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c045-771a-a35f-113bd6aa9e7c');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c04a-73f0-8b32-99f03a05ad05');
INSERT INTO public.lead_words VALUES ('17', '01a21f82-c04a-73f0-8b32-99f03a05ad05');
INSERT INTO public.lead_words VALUES ('19', '01a21f82-c04f-71fc-8f1a-ffe3c4422057');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c04f-71fc-8f1a-ffe3c4422057');
INSERT INTO public.lead_words VALUES ('21', '01a21f82-c053-760f-bd1b-41c1aa7dff5b');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c053-760f-bd1b-41c1aa7dff5b');
INSERT INTO public.lead_words VALUES ('иван', '01a21f82-c057-7243-9a04-b6b44eeb7613');
INSERT INTO public.lead_words VALUES ('23', '01a21f82-c057-7243-9a04-b6b44eeb7613');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c07a-72bd-bf97-1ec131656553');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c07a-72bd-bf97-1ec131656553');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c07d-701d-be5a-511757080f57');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c07d-701d-be5a-511757080f57');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c07f-7579-826f-04c8e84c97c5');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c07f-7579-826f-04c8e84c97c5');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c081-7040-a723-23ce227ccb57');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c081-7040-a723-23ce227ccb57');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c083-71b0-a1dd-d88bb892c787');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c083-71b0-a1dd-d88bb892c787');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c085-76a6-9a0c-989e77b43514');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c085-76a6-9a0c-989e77b43514');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c087-7479-b74e-8a1e0804f4e7');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c087-7479-b74e-8a1e0804f4e7');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c089-7137-abce-f76cd1982dae');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c089-7137-abce-f76cd1982dae');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c08b-766e-8f66-196dd5561413');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c08b-766e-8f66-196dd5561413');
INSERT INTO public.lead_words VALUES ('lee', '01a21f82-c08c-754e-a284-4737d29ff2bb');
INSERT INTO public.lead_words VALUES ('ann', '01a21f82-c08c-754e-a284-4737d29ff2bb');
INSERT INTO public.lead_words VALUES ('мария', '01a21f82-c00d-775f-b433-09592913e918');
INSERT INTO public.leads VALUES ('01a21f82-c01b-76ee-bfc6-76fa0efb8235', 'Иван 1', '2026-11-28 00:16:32.283+00');
INSERT INTO public.leads VALUES ('01a21f82-c01f-7273-8276-9de7221388bf', NULL, '2026-11-28 00:16:32.287+00');
INSERT INTO public.leads VALUES ('01a21f82-c023-71df-93f2-f62a5b57bab0', 'Иван 3', '2026-11-28 00:16:32.291+00');
INSERT INTO public.leads VALUES ('01a21f82-c026-7653-b881-c85403142fe8', NULL, '2026-11-28 00:16:32.294+00');
INSERT INTO public.leads VALUES ('01a21f82-c029-7613-900e-26fb1de00827', 'Иван 5', '2026-11-28 00:16:32.297+00');
INSERT INTO public.leads VALUES ('01a21f82-c02d-72d7-8cb6-98c551f14561', NULL, '2026-11-28 00:16:32.301+00');
INSERT INTO public.leads VALUES ('01a21f82-c033-7744-a734-c00384fa4f0e', 'Иван 7', '2026-11-28 00:16:32.307+00');
INSERT INTO public.leads VALUES ('01a21f82-c036-7594-b4c8-2e17b7d7459b', NULL, '2026-11-28 00:16:32.31+00');
INSERT INTO public.leads VALUES ('01a21f82-c038-72ea-9ee6-8fe5cb836dd3', 'Иван 9', '2026-11-28 00:16:32.312+00');
INSERT INTO public.leads VALUES ('01a21f82-c03a-751b-9806-175a4c4f6431', NULL, '2026-11-28 00:16:32.314+00');
INSERT INTO public.leads VALUES ('01a21f82-c03c-766b-9957-c9c5df40a88a', 'Иван 11', '2026-11-28 00:16:32.316+00');
INSERT INTO public.leads VALUES ('01a21f82-c03f-7045-bcc1-24a62f1ee587', NULL, '2026-11-28 00:16:32.319+00');
INSERT INTO public.leads VALUES ('01a21f82-c041-75a4-975d-30e465cf7694', 'Иван 13', '2026-11-28 00:16:32.321+00');
INSERT INTO public.leads VALUES ('01a21f82-c043-70ae-9ab9-788aec446f3b', NULL, '2026-11-28 00:16:32.323+00');
INSERT INTO public.leads VALUES ('01a21f82-c045-771a-a35f-113bd6aa9e7c', 'Иван 15', '2026-11-28 00:16:32.325+00');
INSERT INTO public.leads VALUES ('01a21f82-c047-715e-b3c9-48bdf5cbb473', NULL, '2026-11-28 00:16:32.327+00');
INSERT INTO public.leads VALUES ('01a21f82-c04a-73f0-8b32-99f03a05ad05', 'Иван 17', '2026-11-28 00:16:32.33+00');
INSERT INTO public.leads VALUES ('01a21f82-c04c-749c-855d-3d51d2f7be29', NULL, '2026-11-28 00:16:32.332+00');
INSERT INTO public.leads VALUES ('01a21f82-c04f-71fc-8f1a-ffe3c4422057', 'Иван 19', '2026-11-28 00:16:32.335+00');
INSERT INTO public.leads VALUES ('01a21f82-c051-72dd-bfc9-ca3d570e812a', NULL, '2026-11-28 00:16:32.337+00');
INSERT INTO public.leads VALUES ('01a21f82-c053-760f-bd1b-41c1aa7dff5b', 'Иван 21', '2026-11-28 00:16:32.339+00');
INSERT INTO public.leads VALUES ('01a21f82-c055-76ad-8ec3-8950d7728596', NULL, '2026-11-28 00:16:32.341+00');
INSERT INTO public.leads VALUES ('01a21f82-c057-7243-9a04-b6b44eeb7613', 'Иван 23', '2026-11-28 00:16:32.343+00');
INSERT INTO public.leads VALUES ('01a21f82-c07a-72bd-bf97-1ec131656553', 'Ann Lee', '2026-11-28 00:16:32.378+00');
INSERT INTO public.leads VALUES ('01a21f82-c07d-701d-be5a-511757080f57', 'Ann Lee', '2026-11-28 00:16:32.381+00');
INSERT INTO public.leads VALUES ('01a21f82-c07f-7579-826f-04c8e84c97c5', 'Ann Lee', '2026-11-28 00:16:32.383+00');
INSERT INTO public.leads VALUES ('01a21f82-c081-7040-a723-23ce227ccb57', 'Ann Lee', '2026-11-28 00:16:32.385+00');
INSERT INTO public.leads VALUES ('01a21f82-c083-71b0-a1dd-d88bb892c787', 'Ann Lee', '2026-11-28 00:16:32.387+00');
INSERT INTO public.leads VALUES ('01a21f82-c085-76a6-9a0c-989e77b43514', 'Ann Lee', '2026-11-28 00:16:32.389+00');
INSERT INTO public.leads VALUES ('01a21f82-c087-7479-b74e-8a1e0804f4e7', 'Ann Lee', '2026-11-28 00:16:32.391+00');
INSERT INTO public.leads VALUES ('01a21f82-c089-7137-abce-f76cd1982dae', 'Ann Lee', '2026-11-28 00:16:32.393+00');
INSERT INTO public.leads VALUES ('01a21f82-c08b-766e-8f66-196dd5561413', 'Ann Lee', '2026-11-28 00:16:32.395+00');
INSERT INTO public.leads VALUES ('01a21f82-c08c-754e-a284-4737d29ff2bb', 'Ann Lee', '2026-11-28 00:16:32.396+00');
INSERT INTO public.leads VALUES ('01a21f82-c08e-7142-8eb1-09314c7db893', NULL, '2026-11-28 00:16:32.398+00');
INSERT INTO public.leads VALUES ('01a21f82-c00d-775f-b433-09592913e918', 'Мария', '2026-11-28 00:16:32.269+00');
INSERT INTO public.leads VALUES ('01a21f82-c094-77f0-8013-cf90853752eb', NULL, '2026-11-28 00:16:32.404+00');
INSERT INTO public.leads VALUES ('01a21f82-c0c1-75bf-9062-37bd1b1d4453', NULL, '2026-11-28 00:16:32.449+00');
INSERT INTO public.leads VALUES ('01a21f82-c0c3-72f4-8f42-0def92f8adfe', NULL, '2026-11-28 00:16:32.451+00');
INSERT INTO public.leads VALUES ('01a21f82-c0c5-758f-8415-2d30e1944520', NULL, '2026-11-28 00:16:32.453+00');
INSERT INTO public.leads VALUES ('01a21f82-c0c7-7257-b1da-5792a41bf832', NULL, '2026-11-28 00:16:32.455+00');
INSERT INTO public.leads VALUES ('01a21f82-c0c8-73a0-a8e8-737406e4cf04', NULL, '2026-11-28 00:16:32.456+00');
INSERT INTO public.leads VALUES ('01a21f82-c0ca-75b2-b9bc-d68f9456fc9e', NULL, '2026-11-28 00:16:32.458+00');
INSERT INTO public.lineups VALUES ('\x53bc6c043281f4c8723cc67777febd7b', '\x0201a21f82bff377b287c052d89702c8fb1e0000001e0000000101a21f82bff570a49485126e6c29af261e000000050000000101a21f82bfee7019aa5b89778d031e440a0000000400000001');
INSERT INTO public.lineups VALUES ('\x9e425406c16aae64fdcb4ed4df3ec962', '\x0201a21f82bff776618964cf3906f6ef2600000000030000000101a21f82bfee7019aa5b89778d031e4401000000040000000101a21f82bff570a49485126e6c29af26030000000500000001');
INSERT INTO public.lineups VALUES ('\xdbc4294961b348b94d34b6d551f6cc53', '\x0201a21f82bff776618964cf3906f6ef2605000000030000000101a21f82bff377b287c052d89702c8fb14000000010000000101a21f82bfee7019aa5b89778d031e440a0000000400000001');
INSERT INTO public.operators VALUES ('01a21f82-bfee-7019-aa5b-89778d031e44', 'Anna', true, 4, 4, '2026-11-28 00:16:32.238+00', 'anna');
INSERT INTO public.operators VALUES ('01a21f82-bff5-70a4-9485-126e6c29af26', 'Кирилл', false, 5, 5, '2026-11-28 00:16:32.245+00', 'kirill');
INSERT INTO public.operators VALUES ('01a21f82-bff3-77b2-87c0-52d89702c8fb', 'Boris', true, 1, 9, '2026-11-28 00:16:32.243+00', 'boris');
INSERT INTO public.operators VALUES ('01a21f82-bff7-7661-8964-cf3906f6ef26', 'Dora', true, 3, 3, '2026-11-28 00:16:32.247+00', 'dora');
INSERT INTO public.purged_assigned VALUES ('telegram-sales', '01a21f82-bff3-77b2-87c0-52d89702c8fb', 4);
INSERT INTO public.purged_assigned VALUES ('telegram-sales', '01a21f82-bff5-70a4-9485-126e6c29af26', 4);
INSERT INTO public.purged_assigned VALUES ('telegram-sales', '01a21f82-bfee-7019-aa5b-89778d031e44', 1);
INSERT INTO public.purged_registered VALUES ('telegram-sales', 9);
INSERT INTO public.registered_counts VALUES ('vk', 1, 498840, 3);
INSERT INTO public.registered_counts VALUES ('vk', 24, 498840, 3);
INSERT INTO public.registered_counts VALUES ('site.chat', 1, 498840, 11);
INSERT INTO public.registered_counts VALUES ('site.chat', 24, 498840, 11);
INSERT INTO public.registered_counts VALUES ('telegram-sales', 1, 498840, 30);
INSERT INTO public.registered_counts VALUES ('telegram-sales', 24, 498840, 30);
INSERT INTO public.sources VALUES ('empty', 'empty', 'exact', 0, '2026-11-28 00:16:32.259+00', '\x');
INSERT INTO public.sources VALUES ('site.chat', 'site.chat', 'random', 6, '2026-11-28 00:16:32.254+00', '\x000000000000000000000000000000000000000000000000');
INSERT INTO public.sources VALUES ('vk', 'ВКонтакте', 'exact', 1, '2026-11-28 00:16:32.257+00', '\x');
INSERT INTO public.sources VALUES ('telegram-sales', 'Telegram, sales', 'exact', 5, '2026-11-28 00:16:32.248+00', '\x9b3bae3fc0ffffffecc5f3ec5500000079fe5dd3e9ffffff');
INSERT INTO public.transfers VALUES ('01a21f82-c08e-7142-8eb1-0930030265f7', 1, '2026-11-28 00:16:32.413+00', NULL, '01a21f82-bff3-77b2-87c0-52d89702c8fb');
INSERT INTO public.transfers VALUES ('01a21f82-c08e-7142-8eb1-0930030265f7', 2, '2026-11-28 00:16:32.423+00', '01a21f82-bff3-77b2-87c0-52d89702c8fb', '01a21f82-bff7-7661-8964-cf3906f6ef26');
INSERT INTO public.transfers VALUES ('01a21f82-c038-72ea-9ee6-8fe4dd529e3b', 1, '2026-11-28 00:16:32.43+00', '01a21f82-bff3-77b2-87c0-52d89702c8fb', '01a21f82-bff7-7661-8964-cf3906f6ef26');
INSERT INTO public.transfers VALUES ('01a21f82-c03f-7045-bcc1-24a5433a2e93', 1, '2026-11-28 00:16:32.437+00', '01a21f82-bff3-77b2-87c0-52d89702c8fb', '01a21f82-bff7-7661-8964-cf3906f6ef26');
INSERT INTO public.write_lock VALUES (29125200);
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
ALTER TABLE ONLY public.due
    ADD CONSTRAINT pk_due PRIMARY KEY (kind, subject);
ALTER TABLE ONLY public.ended_sessions
    ADD CONSTRAINT pk_ended_sessions PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (key);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT pk_identities PRIMARY KEY (key);
ALTER TABLE ONLY public.lead_words
    ADD CONSTRAINT pk_lead_words PRIMARY KEY (word, lead_id);
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
ALTER TABLE ONLY public.unread_identities
    ADD CONSTRAINT pk_unread_identities PRIMARY KEY (contact_id, kind);
CREATE INDEX ix_allocations_operator_id ON public.allocations USING btree (operator_id);
CREATE INDEX ix_audit_subject_id ON public.audit USING btree (subject, id);
CREATE INDEX ix_contacts_lead_id_id ON public.contacts USING btree (lead_id, id);
CREATE INDEX ix_contacts_operator_id_source_key_state_id ON public.contacts USING btree (operator_id, source_key, state, id);
CREATE INDEX ix_contacts_operator_id_state_id ON public.contacts USING btree (operator_id, state, id);
CREATE INDEX ix_contacts_source_key_state_id ON public.contacts USING btree (source_key, state, id);
CREATE INDEX ix_contacts_state_id ON public.contacts USING btree (state, id);
CREATE INDEX ix_due_at ON public.due USING btree (at);
CREATE INDEX ix_idempotency_keys_contact_id ON public.idempotency_keys USING btree (contact_id);
CREATE INDEX ix_identities_lead_id ON public.identities USING btree (lead_id);
CREATE INDEX ix_identities_phone_tail ON public.identities USING btree ("right"(key, 4), key) WHERE ((key >= 'phone:'::text) AND (key < 'phone;'::text));
CREATE UNIQUE INDEX uq_operators_key ON public.operators USING btree (key);
CREATE TRIGGER audit_refuses_change BEFORE DELETE OR UPDATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_audit();
CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_audit();
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
ALTER TABLE ONLY public.lead_words
    ADD CONSTRAINT fk_lead_words_lead_id FOREIGN KEY (lead_id) REFERENCES public.leads(id);
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
ALTER TABLE ONLY public.unread_identities
    ADD CONSTRAINT fk_unread_identities_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id);
