// What well-known proxies call the fields of a sample in their Prometheus text, in their default configurations.
import type { Mapping } from './prometheus.ts'

export const MAPPINGS = {
  /** `/stats/prometheus` of the admin listener. Times are histograms in ms, over all answers. */
  envoy: {
    activeConnections: 'envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix!="admin"}',
    requests: 'envoy_cluster_upstream_rq_completed',
    errors: 'envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}',
    responseTimeSumMs: 'envoy_cluster_upstream_rq_time_sum',
    responseTimeCount: 'envoy_cluster_upstream_rq_time_count',
    healthyServers: 'envoy_cluster_membership_healthy',
    totalServers: 'envoy_cluster_membership_total',
  },
  /** nginx-prometheus-exporter with NGINX Plus; of open-source nginx it tells connections and requests only. */
  nginx: {
    activeConnections: 'nginx_connections_active',
    requests: 'nginx_http_requests_total',
  },
  'nginx-plus': {
    activeConnections: 'nginxplus_connections_active',
    requests: 'nginxplus_upstream_server_requests',
    errors: 'nginxplus_upstream_server_responses{code="5xx"}',
    responseTimeMs: 'mean(nginxplus_upstream_server_response_time)',
    healthyServers: 'sum(nginxplus_upstream_server_state{backup!="backup"})',
    totalServers: 'count(nginxplus_upstream_server_state{backup!="backup"})',
  },
  /** By service, or by entry point where services are not told (`metrics.prometheus.addServicesLabels`). Times in seconds. */
  traefik: {
    activeConnections:
      'traefik_open_connections{entrypoint!="traefik"} or traefik_entrypoint_open_connections{entrypoint!="traefik"}',
    requests: 'traefik_service_requests_total or traefik_entrypoint_requests_total{entrypoint!="traefik"}',
    errors:
      'traefik_service_requests_total{code=~"5.."} or traefik_entrypoint_requests_total{code=~"5..",entrypoint!="traefik"}',
    responseTimeSumMs: {
      of: 'traefik_service_request_duration_seconds_sum{code=~"[23].."} or traefik_entrypoint_request_duration_seconds_sum{code=~"[23]..",entrypoint!="traefik"}',
      times: 1000,
    },
    responseTimeCount:
      'traefik_service_request_duration_seconds_count{code=~"[23].."} or traefik_entrypoint_request_duration_seconds_count{code=~"[23]..",entrypoint!="traefik"}',
    healthyServers: 'sum(traefik_service_server_up)',
    totalServers: 'count(traefik_service_server_up)',
  },
  /** HAProxy's own exporter (`http-request use-service prometheus-exporter`). */
  'haproxy-prometheus': {
    activeConnections: 'haproxy_frontend_current_sessions',
    requests: 'haproxy_backend_http_requests_total',
    errors: 'haproxy_backend_http_responses_total{code="5xx"}',
    responseTimeMs: { of: 'mean(haproxy_backend_response_time_average_seconds)', times: 1000 },
    healthyServers: 'sum(haproxy_server_status{state="UP"})',
    totalServers: 'count(haproxy_server_status{state="UP"})',
  },
} as const satisfies Readonly<Record<string, Mapping>>
